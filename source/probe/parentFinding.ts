import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { verdictOf } from '../../schema/unreadPartition';
import type { ProbeOptions } from '../contract';
import type { Asker } from './asker';
import { pageOf, type SampledPage, unlikely } from './sample';

/**
 * What the source lists for a parent that never existed, where partitions are records of another entity. A source that ignores the parent, or
 * falls back to another list, would give each vanished parent the records of others.
 */
export async function parentFinding(
  entity: ConnectorEntity,
  asker: Asker,
  page: SampledPage,
  { partition, parent }: Pick<ProbeOptions, 'partition' | 'parent'>,
): Promise<ProbeFinding[]> {
  if (entity.parents === undefined || parent === undefined || asker.left === 0) return [];
  const about = 'parents';
  const id = unlikely(partition);
  const answer = await asker.of({ partition: id, parent: { ...parent, id } }).list(entity.listings.all);
  const { request, status, excerpt } = answer;
  const line = 'path: …{partition}…';
  if (verdictOf(status) !== undefined) {
    const finding = `the list of a parent that never existed answers ${status}`;
    return [{ about, verdict: 'agrees', finding, request, line: null }];
  }
  const theirs = pageOf(entity, entity.listings.all, answer);
  if (typeof theirs === 'string') {
    const finding = `the list of a parent that never existed answers ${status}: "${excerpt}"; where a parent that is gone answers so too, its list fails the run`;
    return [{ about, verdict: 'unknown', finding, request, line: null }];
  }
  if (theirs.came === 0) {
    const finding =
      'the list of a parent that never existed is empty; whether a parent is gone shows where it is listed';
    return [{ about, verdict: 'agrees', finding, request, line: null }];
  }
  const own = new Set(page.records.map((record) => record.id));
  const shared = theirs.records.filter((record) => own.has(record.id)).length;
  const what = shared > 0 ? `${shared} of them records of another parent` : 'of no parent';
  const finding = `the list of a parent that never existed shows ${theirs.came} records, ${what}: the source ignores the parent`;
  return [{ about, verdict: 'contradicts', finding, request, line }];
}
