import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { ProbeOptions } from '../contract';
import { schemeOf } from '../paging';
import type { Source } from '../wire/source';
import { createAsker } from './asker';
import { changesEndFindings } from './changesEnd';
import { feedFindings } from './feedFindings';
import { filterFindings } from './filterFindings';
import { heldBackFindings } from './heldBack';
import { idsFindings } from './idsFindings';
import { listFindings } from './listFindings';
import { oneFindings } from './oneFindings';
import { ownFindings, ownOneFindings, unexamined } from './ownFindings';
import { parentFinding } from './parentFinding';
import { partitionFinding } from './partitionFinding';
import { rangeFindings } from './rangeFindings';
import { relatedFindings } from './relatedFindings';
import { timestampFindings } from './timestampFindings';

/** More than the questions of most definitions cost together. */
const mostRequests = 40;
/** Findings end up in a history. */
const longestFinding = 600;

/** See SourceClient.probe. */
export async function probe(
  source: Source,
  entity: ConnectorEntity,
  { partition, parent, other, deleted, signal }: ProbeOptions,
): Promise<{ readonly requests: number; readonly findings: readonly ProbeFinding[] }> {
  const about = { entity: entity.name, what: 'probe' };
  const asker = createAsker(source, { about, partition, parent, mostRequests, signal });
  const { all, changes, one } = entity.listings;
  const findings: ProbeFinding[] = [];
  let listed: string | undefined;
  let own = 0;
  if (schemeOf(all.paging).asksItself) {
    const read = await ownFindings(source, entity, { partition, parent, signal });
    findings.push(...read.findings, unexamined('pages, filter, timestamps, partitions and related records'));
    ({ listed } = read);
    own = read.requests;
  } else {
    const { findings: found, page } = await listFindings(source, entity, asker);
    findings.push(...found);
    if (page) {
      findings.push(...(await partitionFinding(entity, asker, page, other)));
      const ownChanges = changes !== undefined && schemeOf(changes.paging).asksItself;
      const filter = ownChanges ? [] : await filterFindings(entity, asker, page);
      findings.push(...timestampFindings(entity, page, filter), ...filter);
      if (ownChanges) findings.push(unexamined("'changes'"));
      if (one?.read === undefined) findings.push(...(await oneFindings(source, entity, asker, { page, deleted })));
      findings.push(...(await parentFinding(entity, asker, page, { partition, parent })));
      findings.push(...(await idsFindings(source, entity, asker, page)), ...(await feedFindings(entity, asker, page)));
      findings.push(...(await relatedFindings(entity, asker, page)), ...rangeFindings(source, entity, page));
      if (!ownChanges) findings.push(...(await changesEndFindings(entity, asker, page)));
      findings.push(...(await heldBackFindings(source, entity, asker, page)));
      listed = page.records.find(({ id, tombstone }) => id !== undefined && !tombstone)?.id;
    }
  }
  if (one?.read !== undefined) findings.push(...(await ownOneFindings(source, entity, { listed, deleted, signal })));
  const { redact } = source.sender.reporter;
  return {
    requests: asker.requests + own,
    findings: findings.map((finding) => ({ ...finding, finding: redact(finding.finding).slice(0, longestFinding) })),
  };
}
