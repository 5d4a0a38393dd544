import type { Knex } from 'knex';
import { testDatabase } from '../../test/environment';
import { atEnd } from '../../test/environment/atEnd';
import { createConnection } from '../connections/connections';
import { storeDeltaSchedules } from '../connections/deltaSchedules';
import { connectDatabase } from '../database/database';

let db: Knex;

beforeAll(async () => {
  db = connectDatabase((await testDatabase()).url, { poolSize: 2 });
  atEnd(() => db.destroy());
  await createConnection(db, { id: '45963', connector: 'service_titan', settings: {} });
});

const schedule = { everySeconds: 900, offsetSeconds: 0, hours: null, timeZone: 'UTC', pausedBecause: null };
const stored = (pausedBecause: string | null = null) =>
  storeDeltaSchedules(db, [{ connectionId: '45963', entity: 'customers', ...schedule, pausedBecause }]);

async function state(columns: string): Promise<Record<string, unknown>> {
  const { rows } = await db.raw(`select ${columns} from tidemark.sync_state where connection_id = '45963'`);
  expect(rows).toHaveLength(1);
  return rows[0];
}

let lastRun = 0;
const aRun = (values: string) =>
  db.raw(`insert into tidemark.runs (connection_id, entity, strategy, trigger, workflow_id, workflow_run_id,
      status, lease_until, started_at, ended_at, counts, error_type, error)
    values ('45963', 'customers', 'delta', 'schedule', 'w', 'run-${++lastRun}', ${values})`);

test('an entity is there before its first run, with its next one', async () => {
  await stored();
  const { next_run_at: next, ...rest } = await state(
    'sync_status, sync_enabled, last_modified_cursor, last_sync_created, last_error, next_run_at',
  );
  expect(rest).toEqual({
    sync_status: 'never',
    sync_enabled: true,
    last_modified_cursor: null,
    last_sync_created: 0,
    last_error: null,
  });
  expect((next as Date).getTime() % 900_000).toBe(0);
  expect((next as Date).getTime() - Date.now()).toBeLessThanOrEqual(900_000);
});

test('the SQL that a ServiceTitan guide prints reads it, by a view of its name', async () => {
  await aRun(`'succeeded', now(), now() - interval '5 min', now() - interval '4 min',
    '{"inserted": 7, "updated": 3, "errors": 2, "skipped": 1}', null, null`);
  await db.raw(
    `insert into tidemark.cursors (connection_id, entity, at) values ('45963', 'customers', '2026-11-20T06:00:00Z')`,
  );
  await db.raw(`create view servicetitan_sync_state as
    select connection_id as workspace_id, s.* from tidemark.sync_state s where connector = 'service_titan'`);
  const { rows } = await db.raw(`SELECT sync_status, last_modified_cursor, last_sync_created, last_sync_updated,
       last_sync_errors, last_error FROM servicetitan_sync_state WHERE workspace_id = '45963'`);
  expect(rows).toEqual([
    {
      sync_status: 'idle',
      last_modified_cursor: new Date('2026-11-20T06:00:00Z'),
      last_sync_created: 7,
      last_sync_updated: 3,
      last_sync_errors: 2,
      last_error: null,
    },
  ]);
});

test('a failed run shows its error, and only a living one is running', async () => {
  await aRun(`'failed', now(), now() - interval '3 min', now() - interval '2 min', '{}', 'SourceRefused', 'HTTP 403'`);
  expect(await state('sync_status, last_error')).toEqual({ sync_status: 'failed', last_error: 'HTTP 403' });
  await aRun(`'running', now() + interval '1 min', now(), null, '{}', null, null`);
  expect(await state('sync_status, last_error')).toEqual({ sync_status: 'running', last_error: null });
  await db.raw(`update tidemark.runs set lease_until = now() - interval '1 s' where status = 'running'`);
  expect(await state('sync_status')).toEqual({ sync_status: 'lost' });
});

test('what an operator paused or disabled is not enabled, and has no next run', async () => {
  await stored('by an operator: maintenance');
  expect(await state('sync_enabled, next_run_at')).toEqual({ sync_enabled: false, next_run_at: null });
  await stored();
  await db.raw(`update tidemark.connections set enabled = false where id = '45963'`);
  expect(await state('sync_enabled, next_run_at')).toEqual({ sync_enabled: false, next_run_at: null });
});

test('a token is shown as a fingerprint', async () => {
  const token = 'ARfeFsjsaNdIpNpYDgAAAAAXJw8U';
  await db.raw(`update tidemark.cursors set kind = 'token', token = ? where connection_id = '45963'`, [token]);
  const { cursor } = await state('cursor');
  expect(cursor).toMatch(/^token [0-9a-f]{12}$/);
  const { rows } = await db.raw(`select row_to_json(s)::text as all from tidemark.sync_state s`);
  expect(rows[0].all).not.toContain(token);
});

test('an entity that no definition has any more leaves with its connection', async () => {
  await storeDeltaSchedules(db, []);
  expect(await state('entity, next_run_at').catch(() => 'none')).toBe('none');
});
