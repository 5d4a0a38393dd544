import { z } from 'zod';
import type { VerifyResult } from '../../schema/definition/checks';
import { defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import { workflowNames } from '../../schema/workflows';
import { atEnd } from '../environment';
import { aMinuteLater, failureOf, lastRun } from '../invariants/support';
import { connectionId, type Engine, startEngine } from '../support/engine';
import { json, startSource } from '../support/sources/httpSource';

/**
 * Without `one`, two complete scans delete what neither lists. A list in whose pages nothing ever says whether another follows, and whose
 * size cannot be asked for, may be the first page of a longer one: nothing is deleted by it.
 */
async function twoOfThree(lastPage: object): Promise<{ engine: Engine; forget: () => void }> {
  let ids = [1, 2, 3];
  const source = await startSource((_, response) =>
    json(response, { data: ids.map((id) => ({ id: String(id), updated_at: '2026-01-01T00:00:00Z' })), ...lastPage }),
  );
  atEnd(() => source.close());
  const things = defineEntity({
    name: 'things',
    row: z.object({}),
    key: 'id',
    deltaSyncField: { name: 'updated_at', kind: 'instant' },
    map: () => ({}),
    supportsWebhooks: false,
    readLag: '1s',
    listings: { all: { path: '/things', records: 'data', paging: { scheme: 'link', next: 'links.next' } } },
  });
  const connector = defineConnector({
    name: 'acme',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({ token: z.string() }),
    auth: { scheme: 'bearer', token: 'token' },
    entities: [things],
  });
  const settings = { baseUrl: source.baseUrl };
  const engine = await startEngine({ connector, settings, secrets: { token: 't' }, worker: { giveUpAfterMs: 0 } });
  await engine.delta('things');
  await aMinuteLater(engine, 'acme_things');
  return {
    engine,
    forget: () => {
      ids = [1, 2];
    },
  };
}

test('nothing says whether another page follows: the reconciliation fails, and no row is deleted', async () => {
  const { engine, forget } = await twoOfThree({});
  forget();
  expect(await failureOf(engine.reconcile('things'))).toBe('ContractBroken');
  expect((await lastRun(engine, 'things')).error).toMatch(/nothing shows that the list ended .* so no row is deleted/);
  expect([...(await engine.rows('acme_things')).keys()].sort()).toEqual(['1', '2', '3']);
  // a comparison says so, and does not call gone what such a list does not show
  const input = { connectionId, entity: 'things', sample: null };
  const verified = await (await engine.start<VerifyResult>(workflowNames.verify, input)).result();
  expect(verified).toMatchObject({ compared: 2, differing: 0, unclear: 1, uncertainEnds: 1 });
}, 60_000);

test('a page that says that none follows: what both scans lack is deleted', async () => {
  const { engine, forget } = await twoOfThree({ links: { next: null } });
  forget();
  expect(await engine.reconcile('things')).toMatchObject({ outcome: 'succeeded', deleted: 1 });
  expect([...(await engine.rows('acme_things')).keys()].sort()).toEqual(['1', '2']);
}, 60_000);
