import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { ProbeOptions } from '../contract';
import type { Source } from '../wire/source';
import { createAsker } from './asker';
import { filterFindings } from './filterFindings';
import { listFindings } from './listFindings';
import { oneFindings } from './oneFindings';
import { timestampFindings } from './timestampFindings';

/** More than the twenty that the questions cost together. */
const mostRequests = 25;
/** Findings end up in a history. */
const longestFinding = 600;

/** See SourceClient.probe. */
export async function probe(
  source: Source,
  entity: ConnectorEntity,
  { partition, deleted, signal }: ProbeOptions,
): Promise<{ readonly requests: number; readonly findings: readonly ProbeFinding[] }> {
  const about = { entity: entity.name, what: 'probe' };
  const asker = createAsker(source, { about, partition, mostRequests, signal });
  const { findings, page } = await listFindings(source, entity, asker);
  if (page) {
    const filter = await filterFindings(entity, asker, page);
    findings.push(...timestampFindings(entity, page, filter), ...filter);
    findings.push(...(await oneFindings(source, entity, asker, { page, deleted })));
  }
  const { redact } = source.sender.reporter;
  return {
    requests: asker.requests,
    findings: findings.map((finding) => ({ ...finding, finding: redact(finding.finding).slice(0, longestFinding) })),
  };
}
