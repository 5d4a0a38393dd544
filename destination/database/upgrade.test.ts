import type { Knex } from 'knex';
import { z } from 'zod';
import { approvePlan } from '../../clients/operations/work/decide';
import { readStatus } from '../../clients/operations/work/status';
import { type Connector, defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import { migrations } from '../../schema/migrations';
import type { ReconciliationResult, RunResult } from '../../schema/workflows';
import { atEnd, testDatabase } from '../../test/environment';
import { startEngine } from '../../test/support/engine';
import { json, startSource } from '../../test/support/sources/httpSource';
import { connectDatabase } from './database';
import { migrate } from './migrate';

/**
 * A database that the former version (migrations 1 and 2) has left behind in the middle of its work: written as SQL, so that it stays
 * as that version made it, whatever becomes of the code.
 */
const tableOfBefore = /* sql */ `
create table public."depot_items" ("connection_id" text collate "C", "external_id" text collate "C", "name" text,
  "source_updated_at" timestamp with time zone, "synced_at" timestamp with time zone not null default now(),
  "deleted_at" timestamp with time zone, "_version" text collate "C", "_sent_at" timestamp with time zone,
  "_received_at" timestamp with time zone, "_line_at" timestamp with time zone, "_disputed_at" timestamp with time zone,
  "_written_by" text, "raw" jsonb, primary key (connection_id, external_id));
create index "depot_items_disputed" on public."depot_items" (connection_id, _disputed_at) where _disputed_at is not null;
`;
const stateOfBefore = /* sql */ `
insert into tidemark.connections (id, connector, settings, time_zone) values ('before', 'depot', '{"baseUrl": "BASE_URL"}', 'UTC');
insert into tidemark.entities (connection_id, entity, cursor_at, line_at, proved_at, proof_differences)
  values ('before', 'items', '2026-02-01T00:00:00Z', '2026-01-20T00:00:00Z', '2026-01-20T00:00:10Z', 2);

-- a reconciliation whose plan waits for an operator, and a delta whose workflow is over without having said so
insert into tidemark.runs (connection_id, entity, strategy, trigger, status, workflow_id, workflow_run_id, lease_until, ended_at, details)
  values ('before', 'items', 'reconciliation', 'schedule', 'waiting', 'reconciliation/before/items', '0b8f7c64-5b1d-4f0e-9a56-1f2d3c4b5a01', now() - interval '1 hour', now(), '{"planId": "1"}');
insert into tidemark.plans (run_id, connection_id, entity, status, scan_started, live_rows, missing, stale, gone, unlisted, reason, expires_at)
  values (1, 'before', 'items', 'waiting', '2026-02-02T00:00:00Z', 5, 0, 0, 1, 0, 'above the guard', now() + interval '1 day');
insert into tidemark.plan_items (plan_id, external_id, difference) values (1, '3', 'gone');
insert into tidemark.runs (connection_id, entity, strategy, trigger, status, workflow_id, workflow_run_id, lease_until, cursor_before)
  values ('before', 'items', 'delta', 'schedule', 'running', 'delta/before/items', '0b8f7c64-5b1d-4f0e-9a56-1f2d3c4b5a02', now() - interval '1 hour', '2026-02-01T00:00:00Z');
insert into tidemark.run_parts (run_id, step, fence, resume_point, first_sent, pages, records)
  values (2, 'pull', 1, '{"offset": 100}', 1769904000000, 1, 100);

insert into tidemark.inbox (connection_id, event_id, type, entity, external_id, body, done_at, outcome)
  values ('before', 'e-1', 'item.updated', 'items', '1', '{"id": "1"}', now(), 'unchanged');
insert into tidemark.answers (connection_id, entity, external_id, outcome, won, gone, version, sent_at, received_at, written_by, line_at)
  values ('before', 'items', '5', 'deleted', true, true, null, '2026-01-15T00:00:00Z', '2026-01-15T00:00:00Z', 'run 1', '2026-01-10T00:00:00Z');

insert into public.depot_items (connection_id, external_id, name, source_updated_at, deleted_at, _version, _sent_at, _received_at, _line_at, _disputed_at, _written_by, raw)
select 'before', id, name, '2026-01-01T00:00:00Z', deleted, '2026-01-01T00:00:00.000000000Z', '2026-01-15T00:00:00Z', '2026-01-15T00:00:00.5Z',
  watermark, disputed, 'run 1', jsonb_build_object('id', id, 'name', name, 'updated_at', '2026-01-01T00:00:00Z')
from (values
  ('1', 'one', null::timestamptz, '2026-01-14T00:00:00Z'::timestamptz, null::timestamptz),
  ('2', 'two', null, null, null),
  ('3', 'three', null, null, null),
  ('4', 'four, as one of two answers says', null, null, '2026-01-15T00:00:00.5Z'),
  ('5', 'five', '2026-01-15T00:00:00Z', null, null)
) as rows (id, name, deleted, watermark, disputed);
`;

const record = (id: string, name: string, updated_at = '2026-01-01T00:00:00Z') => ({ id, name, updated_at });
const source = [
  record('1', 'one'),
  record('2', 'two, renamed', '2026-02-03T00:00:00Z'),
  record('4', 'four'),
  record('6', 'six'), // changed before the cursor: only a reconciliation finds it
];

function depot(): Connector {
  const list = { path: '/items', records: 'data', paging: { scheme: 'none' } } as const;
  return defineConnector({
    name: 'depot',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [
      defineEntity({
        name: 'items',
        row: z.object({ name: z.string() }),
        key: 'id',
        deltaSyncField: { name: 'updated_at', kind: 'instant' },
        map: (item) => ({ name: String(item.name) }),
        supportsWebhooks: false,
        readLag: '1s',
        listings: {
          ids: list,
          all: list,
          changes: { ...list, since: { param: 'since', form: 'iso-milliseconds', boundary: 'inclusive' } },
          one: { path: '/items/{id}' },
        },
      }),
    ],
  });
}

/** Makes of a test's database one that the former version has worked in. */
async function asBefore(db: Knex, baseUrl: string): Promise<void> {
  await db.raw('drop schema tidemark cascade');
  await migrate(db, migrations.slice(0, 2));
  await db.raw(tableOfBefore);
  await db.raw(stateOfBefore.replace('BASE_URL', baseUrl));
}

test('a database of the former version is migrated, and its deltas, plans and reconciliations go on', async () => {
  const server = await startSource((_request, response, url) => {
    const id = url.pathname.split('/')[2];
    const found = source.find((one) => one.id === id);
    if (id !== undefined) return found ? json(response, found) : json(response, {}, 404);
    const since = url.searchParams.get('since') ?? '1970-01-01T00:00:00Z';
    return json(response, { data: source.filter((one) => Date.parse(one.updated_at) >= Date.parse(since)) });
  });
  atEnd(() => server.close());
  const connector = depot();
  const engine = await startEngine({
    connector,
    settings: { baseUrl: server.baseUrl },
    prepare: async ({ url }) => {
      const db = connectDatabase(url);
      try {
        await asBefore(db, server.baseUrl);
        expect(await migrate(db)).toMatchObject({ from: 2, to: migrations.at(-1)?.version });
      } finally {
        await db.destroy();
      }
      return url;
    },
  });
  const target = { connectionId: 'before', entity: 'items' };
  const status = async () => {
    const { connections } = await readStatus(engine.db, [connector], undefined, { connectionId: 'before' });
    return connections[0]?.entities[0];
  };
  const ran = async <T>(workflow: string, input: object): Promise<T> =>
    (await engine.start<T>(workflow, { ...target, trigger: 'api', ...input })).result();

  // what was known is known still
  expect(await status()).toMatchObject({
    cursor: new Date('2026-02-01T00:00:00Z'),
    rows: { live: 4, deleted: 1, disputed: 1 },
    proved: { at: new Date('2026-01-20T00:00:10Z'), differences: 2, unjudged: {} },
    owed: {},
    plansWaiting: [{ id: '1', gone: 1 }],
  });
  const { rows: watermarks } = await engine.db.raw(`
    select (select watermark_at from tidemark.entities where connection_id = 'before') as entity,
      (select watermark_at from tidemark.answers) as answer,
      (select _watermark_at from depot_items where external_id = '1') as item`);
  expect(watermarks).toEqual([
    {
      entity: new Date('2026-01-20T00:00:00Z'),
      answer: new Date('2026-01-10T00:00:00Z'),
      item: new Date('2026-01-14T00:00:00Z'),
    },
  ]);

  const by = { actor: 'test', reason: 'the depot was closed' };
  const applied = await approvePlan(
    { db: engine.db, client: engine.temporal.client, taskQueue: engine.taskQueue },
    '1',
    by,
  );
  expect(await applied.result()).toMatchObject({ outcome: 'succeeded', deleted: 1 });

  // the lost run is ended as what it is, and its cursor is where the next delta begins
  const delta = await ran<RunResult>('deltaSync', { full: false });
  expect(delta).toMatchObject({ outcome: 'succeeded', counts: { updated: 1, inserted: 0 } });
  expect(server.requests).toContain('/items?since=2026-02-01T00%3A00%3A00.000Z');
  const { rows: runs } = await engine.db.raw('select status from tidemark.runs where id = 2');
  expect(runs).toEqual([{ status: 'lost' }]);

  const reconciled = await ran<ReconciliationResult>('reconciliation', { dryRun: false });
  expect(reconciled).toMatchObject({ outcome: 'succeeded', scanned: 4, missing: 1, stale: 1, gone: 0 });
  const { rows: live } = await engine.db.raw(
    `select external_id as id, name from depot_items where deleted_at is null and _disputed_at is null order by 1`,
  );
  expect(live).toEqual(source.map(({ id, name }) => ({ id, name })));
  expect(await status()).toMatchObject({
    rows: { live: 4, deleted: 2, disputed: 0 },
    proved: { differences: 2, unjudged: {} },
    owed: {},
    plansWaiting: [],
  });
});

test('rows that the engine wrote are the source’s, rows of a user are not, and the cursor is where it was', async () => {
  const { url } = await testDatabase();
  const db = connectDatabase(url);
  atEnd(() => db.destroy());
  await asBefore(db, 'http://localhost');
  await db.raw(
    `insert into public.depot_items (connection_id, external_id, name) values ('before', 'by hand', 'mine')`,
  );
  await migrate(db);
  const { rows } = await db.raw(
    `select external_id as id, _origin as origin, _partition as partition, _keys as keys from public.depot_items order by 1`,
  );
  expect(rows).toEqual([
    ...['1', '2', '3', '4', '5'].map((id) => ({ id, origin: 'source', partition: null, keys: null })),
    { id: 'by hand', origin: null, partition: null, keys: null },
  ]);
  await db.raw(`insert into public.depot_items (connection_id, external_id) values ('before', 'later')`);
  const { rows: later } = await db.raw(`select _origin as origin from public.depot_items where external_id = 'later'`);
  expect(later).toEqual([{ origin: null }]);
  const { rows: cursors } = await db.raw(
    'select connection_id, entity, listing, partition, kind, at, token from tidemark.cursors',
  );
  expect(cursors).toEqual([
    {
      connection_id: 'before',
      entity: 'items',
      listing: 'changes',
      partition: '',
      kind: 'instant',
      at: new Date('2026-02-01T00:00:00Z'),
      token: null,
    },
  ]);
  const { rows: parts } = await db.raw('select listing, found_at from tidemark.run_parts');
  expect(parts).toEqual([{ listing: 'changes', found_at: new Date('2026-02-01T00:00:00Z') }]);
});
