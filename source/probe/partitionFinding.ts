import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { ProbeOptions } from '../contract';
import type { Asker } from './asker';
import { pageOf, type SampledPage } from './sample';

/**
 * Whether the lists of two partitions differ: a source that ignores what `{partition}` stands for answers each of them with everything, and
 * every record then moves from one partition to the next.
 */
export async function partitionFinding(
  entity: ConnectorEntity,
  asker: Asker,
  page: SampledPage,
  other: ProbeOptions['other'],
): Promise<ProbeFinding[]> {
  if (other === undefined || asker.left === 0) return [];
  const about = 'partitions';
  const answer = await asker.of(other).list(entity.listings.all);
  const { request } = answer;
  const theirs = pageOf(entity, entity.listings.all, answer);
  if (typeof theirs === 'string')
    return [
      {
        about,
        verdict: 'unknown',
        finding: `the list of another partition cannot be read: ${theirs}`,
        request,
        line: null,
      },
    ];
  if (page.records.length === 0 || theirs.records.length === 0)
    return [{ about, verdict: 'unknown', finding: 'one of two partitions has no records', request, line: null }];
  const own = new Set(page.records.map(({ id }) => id));
  const shared = theirs.records.filter(({ id }) => own.has(id)).length;
  if (shared === theirs.records.length && theirs.records.length === page.records.length) {
    const finding = `two partitions list the same ${shared} records: the source ignores the partition`;
    return [{ about, verdict: 'contradicts', finding, request, line: 'path: …{partition}…' }];
  }
  const finding = `two partitions list other records: ${shared} of ${theirs.records.length} are in both`;
  return [{ about, verdict: shared === 0 ? 'agrees' : 'unknown', finding, request, line: null }];
}
