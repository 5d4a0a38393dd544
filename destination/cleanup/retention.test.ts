import type { Knex } from 'knex';
import { retention } from '../../schema/definition/retention';
import { testDatabase } from '../../test/environment';
import { createConnection } from '../connections/connections';
import { connectDatabase } from '../database/database';
import { prune } from './retention';

const settings = retention.parse({});

let db: Knex;
beforeEach(async () => {
  db = connectDatabase((await testDatabase()).url);
  await createConnection(db, { id: 'demo', connector: 'church', settings: {} });
});
afterEach(() => db.destroy());

async function column(sql: string): Promise<unknown[]> {
  const { rows } = await db.raw(sql);
  return rows.map((row: Record<string, unknown>) => Object.values(row)[0]);
}

test('done events go when they are old; open, parked and late ones stay', async () => {
  await db.raw(`
    insert into tidemark.inbox (connection_id, event_id, type, entity, external_id, body, received_at, done_at, outcome)
    select 'demo', 'done ' || i, 't', 'people', '1', '', now() - interval '40 days', now() - interval '39 days', 'updated'
      from generate_series(1, 25) i
    union all values
      ('demo', 'open', 't', 'people', '1', '', now() - interval '40 days', null, null),
      ('demo', 'parked', 't', 'people', '1', '', now() - interval '40 days', now() - interval '40 days', 'parked'),
      ('demo', 'parked long ago', 't', 'people', '1', '', now() - interval '200 days', now() - interval '200 days', 'parked'),
      ('demo', 'done late', 't', 'people', '1', '', now() - interval '40 days', now() - interval '1 day', 'updated'),
      ('demo', 'new', 't', 'people', '1', '', now(), now(), 'updated')`);
  expect(await prune(db, settings, { batch: 4 })).toMatchObject({ inbox: 26 });
  expect(await column('select event_id from tidemark.inbox order by 1')).toEqual([
    'done late',
    'new',
    'open',
    'parked',
  ]);
  expect(await prune(db, settings, { batch: 4 })).toMatchObject({ inbox: 0 });
});

test('remembered answers go when they are old', async () => {
  await db.raw(`
    insert into tidemark.answers (connection_id, entity, external_id, at, outcome, won, gone, sent_at, received_at, written_by, watermark_at)
    select 'demo', 'people', i::text, now() - case when i <= 9 then interval '100 days' else interval '1 day' end, 'refused', false, false,
      now(), now(), 'run 1', '-infinity'
    from generate_series(1, 12) i`);
  expect(await prune(db, settings, { batch: 4 })).toMatchObject({ answers: 9 });
  expect(await prune(db, settings, { batch: 4 })).toMatchObject({ answers: 0 });
  expect(await column('select count(*) from tidemark.answers')).toEqual([3]);
});

/** Runs with the given ids; `age` in days since they ended. */
async function run(id: number, status: string, age: number, strategy = 'delta'): Promise<void> {
  await db.raw(
    `insert into tidemark.runs (id, connection_id, entity, strategy, trigger, status, workflow_id, workflow_run_id, lease_until, ended_at)
     overriding system value
     values (?, 'demo', 'people', ?, 'test', ?, 'w', ?, now(), case when ? = 'running' then null else now() - ? * interval '1 day' end)`,
    [id, strategy, status, `run-${id}`, status, age],
  );
}

test('runs go when they are old, but each strategy keeps its last and its last good one', async () => {
  await run(1, 'succeeded', 200);
  await run(2, 'succeeded', 190);
  await run(3, 'failed', 180);
  await run(4, 'lost', 170);
  await run(5, 'running', 0, 'reconciliation');
  expect(await prune(db, settings, { batch: 1 })).toMatchObject({ runs: 2 });
  expect(await column('select id from tidemark.runs order by 1')).toEqual([2, 4, 5]);
});

test('decided plans go with their items; those that wait expire first', async () => {
  for (const id of [1, 2, 3, 4]) await run(id, 'succeeded', 200, 'reconciliation');
  await run(9, 'running', 0, 'reconciliation');
  await db.raw(`
    insert into tidemark.plans (id, run_id, connection_id, entity, status, scan_started, live_rows, missing, stale, gone, unlisted, created_at, expires_at)
    overriding system value values
      (1, 1, 'demo', 'people', 'applied', now(), 1, 1, 1, 1, 1, now() - interval '100 days', now() - interval '90 days'),
      (2, 2, 'demo', 'people', 'waiting', now(), 1, 1, 1, 1, 1, now() - interval '10 days', now() - interval '1 day'),
      (3, 3, 'demo', 'people', 'approved', now(), 1, 1, 1, 1, 1, now() - interval '100 days', now() - interval '90 days'),
      (9, 9, 'demo', 'people', 'open', now(), 1, 1, 1, 1, 1, now() - interval '100 days', now())`);
  await db.raw(`insert into tidemark.plan_items (plan_id, external_id, difference)
    select p, i::text, 'gone' from unnest(array[1, 3]) p, generate_series(1, 10) i`);
  expect(await prune(db, settings, { batch: 3 })).toMatchObject({ plans: 1, expiredPlans: 1, runs: 1 });
  expect(await column(`select id || ' ' || status from tidemark.plans order by id`)).toEqual([
    '2 expired',
    '3 approved',
    '9 open',
  ]);
  expect(await column('select count(*) from tidemark.plan_items')).toEqual([10]);
  expect(await column('select id from tidemark.runs order by 1')).toEqual([2, 3, 4, 9]);
});

test('cleared set-aside entries go, open ones never', async () => {
  await db.raw(`insert into tidemark.set_aside (connection_id, entity, external_id, reason, detail, raw, raw_hash, first_seen_at, cleared_at)
    select 'demo', 'people', i::text, 'invalid', '', '', '', now() - interval '1 year',
      case when i <= 5 then now() - interval '31 days' when i = 6 then now() end
    from generate_series(1, 8) i`);
  expect(await prune(db, settings, { batch: 2 })).toMatchObject({ setAside: 5 });
  expect(await column('select external_id from tidemark.set_aside order by 1')).toEqual(['6', '7', '8']);
});

test('staging tables of scans that are over go; one that is used waits', async () => {
  await run(1, 'failed', 0, 'reconciliation');
  await run(2, 'running', 0, 'reconciliation');
  for (const name of ['scan_1_scan', 'scan_1_second_scan', 'scan_2_scan', 'scan_77_scan', 'scanner']) {
    await db.raw(`create unlogged table tidemark.${name} (external_id text)`);
  }
  const reader = await db.transaction();
  await reader.raw('select * from tidemark.scan_77_scan');
  expect(await prune(db, settings)).toMatchObject({ stagingTables: 2 });
  await reader.rollback();
  expect(await prune(db, settings)).toMatchObject({ stagingTables: 1 });
  expect(await column(`select relname from pg_class where relname like 'scan%' order by 1`)).toEqual([
    'scan_2_scan',
    'scanner',
  ]);
});

test('it stops when it is told to', async () => {
  await expect(prune(db, settings, { signal: AbortSignal.abort(new Error('shutting down')) })).rejects.toThrow(
    'shutting down',
  );
});

test('settings have defaults, and refuse what is no duration', () => {
  expect(settings.inbox).toBe('30d');
  expect(retention.safeParse({ inbox: 'soon' }).success).toBe(false);
});

test('jobs of reports go with the runs of their time; an open one keeps another from being started for longer', async () => {
  await run(1, 'failed', 100);
  await run(2, 'running', 0);
  await db.raw(`
    insert into tidemark.report_jobs (connection_id, entity, parameters, times, state, sent, run_id, step, partition, created_at, ended_at)
    select 'demo', 'people', name, '{}', state, 0, run, 'pull', '', now() - age * interval '1 day', case when state = 'read' then now() - age * interval '1 day' end
    from (values ('read long ago', 'read', 1, 100), ('read recently', 'read', 1, 10), ('open', 'starting', 1, 89),
      ('open and forgotten', 'running', 1, 100), ('of a run', 'running', 2, 100)) as j (name, state, run, age)`);
  await prune(db, retention.parse({ runs: '30d' }), { batch: 1 });
  const left = await column('select parameters from tidemark.report_jobs order by 1');
  expect(left).toEqual(['of a run', 'open', 'read recently']);
});
