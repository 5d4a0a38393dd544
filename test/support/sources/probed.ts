import type { ProbeFinding } from '../../../schema/definition/checks';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import type { EntityInput } from '../../../schema/definition/entity';
import type { JsonObject } from '../../../schema/json/json';
import type { ProbeOptions } from '../../../source/contract';
import { atEnd } from '../../environment';
import { json, type row, startSource, testClient } from './httpSource';

/** What a source answers; a number is a status without content. */
export type Answer = (url: URL) => unknown;

/** What a probe finds of a source that answers like this; `about`: of which findings. */
export async function probedOf(
  about: string,
  answer: Answer,
  definition: Partial<EntityInput<typeof row, JsonObject>>,
  {
    of = (entity) => entity,
    ...options
  }: Partial<ProbeOptions> & { of?: (entity: ConnectorEntity) => ConnectorEntity } = {},
): Promise<readonly ProbeFinding[]> {
  const source = await startSource((_request, response, url) => {
    const said = answer(url);
    if (typeof said === 'number') json(response, { error: 'no' }, said);
    else json(response, said);
  });
  atEnd(() => source.close());
  const { client, entity } = testClient(source.baseUrl, definition);
  const { signal } = new AbortController();
  const { findings } = await client.probe(of(entity), { partition: '', deleted: [], signal, ...options });
  return findings.filter((finding) => finding.about === about);
}

/** Findings without what is not their point: verdict and text. */
export function said(findings: readonly ProbeFinding[]): string[] {
  return findings.map(({ verdict, finding }) => `${verdict}: ${finding}`);
}
