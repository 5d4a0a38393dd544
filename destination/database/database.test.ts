import type { Knex } from 'knex';
import { TidemarkError } from '../../schema/errors';
import { isStorable, storableJson, storableText } from '../../schema/text/storableText';
import { type TestDatabase, testDatabase } from '../../test/environment';
import { connectDatabase, inTransaction } from './database';
import { destinationError, withRetry } from './destinationError';
import { codeOf } from './errorCode';
import { quote } from './identifiers';

let database: TestDatabase;
let db: Knex;
beforeAll(async () => {
  database = await testDatabase();
  db = connectDatabase(database.url);
});
afterAll(() => db.destroy());

async function failure(work: () => Promise<unknown>): Promise<TidemarkError> {
  const error = await work().then(
    () => undefined,
    (thrown) => destinationError(thrown),
  );
  if (error instanceof TidemarkError) return error;
  throw new Error(`expected a TidemarkError, not ${error}`);
}

test('values come exact and without the process’s time zone', async () => {
  const { rows } = await db.raw(`select 9007199254740991::bigint as small, 9007199254740993::bigint as large,
    array[1, 9007199254740993]::bigint[] as both, 0.1::numeric as number, date '2026-03-29' as day,
    timestamp '2026-03-29 02:30' as local, timestamptz '2026-03-29T02:30:00.5Z' as instant, '-infinity'::timestamptz as never,
    interval '1 day' as span`);
  expect(rows[0]).toEqual({
    small: 9007199254740991,
    large: '9007199254740993',
    both: [1, '9007199254740993'],
    number: '0.1',
    day: '2026-03-29',
    local: '2026-03-29 02:30:00',
    instant: new Date('2026-03-29T02:30:00.500Z'),
    never: -Infinity,
    span: '1 day',
  });
});

test('bound values never stand in the message of an error', async () => {
  const error = await db.raw('select ?::text, 1 / 0', ['very secret']).catch((thrown) => thrown);
  expect(error.message).toContain('division by zero');
  expect(error.message).not.toContain('very secret');
});

test('settings of a transaction end with it', async () => {
  const one = connectDatabase(database.url, { poolSize: 1 });
  try {
    const show = `select current_setting('lock_timeout') as lock, current_setting('statement_timeout') as statement`;
    const inside = await inTransaction(one, async (tx) => (await tx.raw(show)).rows[0], { lockTimeoutMs: 1234 });
    expect(inside).toEqual({ lock: '1234ms', statement: '0' });
    expect((await one.raw(show)).rows[0]).toEqual({ lock: '0', statement: '0' });
    const cancelled = inTransaction(one, (tx) => tx.raw('select pg_sleep(20)'), { statementTimeoutMs: 20 });
    expect(codeOf(await cancelled.catch((error) => error))).toBe('57014');
  } finally {
    await one.destroy();
  }
});

describe('a database that is not there', () => {
  test.each([
    ['postgres://user:hunter2@127.0.0.1:1/x', 'DestinationUnavailable'],
    ['postgres://user:hunter2@nowhere.invalid/x', 'DestinationUnavailable'],
  ])('%s', async (url, type) => {
    const unreachable = connectDatabase(url);
    const error = await failure(() => unreachable.raw('select 1')).finally(() => unreachable.destroy());
    expect(error.type).toBe(type);
    expect(JSON.stringify([error, error.message, error.stack, String(error.cause)])).not.toContain('hunter2');
  });

  test('another name of a database on a server that lives', async () => {
    const unknown = connectDatabase(database.url.replace(database.name, 'no_such_database'));
    const error = await failure(() => unknown.raw('select 1')).finally(() => unknown.destroy());
    expect(error).toMatchObject({ type: 'Usage', message: expect.stringContaining('no_such_database') });
  });

  test.each(['', 'mysql://a:hunter2@b/c', 'postgres://user:hunter2@ho st:x/y', 'hunter2'])('no URL: %j', (url) => {
    let error: unknown;
    try {
      connectDatabase(url);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ type: 'Usage' });
    expect(String((error as Error).stack)).not.toContain('hunter2');
  });
});

test('a connection that PostgreSQL ends is a failure to be tried again, and the pool goes on', async () => {
  const cut = db.transaction(async (tx) => {
    const { rows } = await tx.raw('select pg_backend_pid() as pid');
    await database.query('select pg_terminate_backend($1)', [rows[0].pid]);
    await tx.raw('select 1');
  });
  expect((await failure(() => cut)).type).toBe('DestinationUnavailable');
  expect((await db.raw('select 1 as one')).rows).toEqual([{ one: 1 }]);
});

test('what is no failure of the connection comes back as it was', async () => {
  const error = await db.raw('select * from no_such_table').catch((thrown) => thrown);
  expect(destinationError(error)).toBe(error);
});

test('deadlocks are tried again', async () => {
  await db.raw('create table pair (id int primary key, n int not null)');
  await db.raw('insert into pair values (1, 0), (2, 0)');
  let attempts = 0;
  let meet: () => void = () => undefined;
  const bothHoldOne = new Promise<void>((resolve) => {
    let holding = 0;
    meet = () => {
      holding++;
      if (holding === 2) resolve();
    };
  });
  const add = (first: number, second: number) =>
    withRetry(() => {
      attempts++;
      return db.transaction(async (tx) => {
        await tx.raw('update pair set n = n + 1 where id = ?', [first]);
        meet();
        await bothHoldOne;
        await tx.raw('update pair set n = n + 1 where id = ?', [second]);
      });
    });
  await Promise.all([add(1, 2), add(2, 1)]);
  expect((await db.raw('select n from pair order by id')).rows).toEqual([{ n: 2 }, { n: 2 }]);
  expect(attempts).toBe(3);
});

test('other errors are not tried again', async () => {
  let attempts = 0;
  const once = withRetry(async () => {
    attempts++;
    throw new Error('no');
  });
  await expect(once).rejects.toThrow('no');
  expect(attempts).toBe(1);
});

test('names are quoted so that they stay names', async () => {
  const name = 'a"; drop table pair; --';
  const { rows } = await db.raw(`select 1 as ${quote(name)}`);
  expect(rows).toEqual([{ [name]: 1 }]);
  expect(quote('tidemark', 'scan_7')).toBe('"tidemark"."scan_7"');
  for (const bad of ['', 'x\0', 'x?', 'é'.repeat(32)]) expect(() => quote(bad)).toThrow(TidemarkError);
});

test('any text becomes one that PostgreSQL holds, in jsonb too', async () => {
  const nasty = { 'k\0': ['a\0b', '\ud800', 'pair 😀'], n: 12345678901234567890n };
  const { rows } = await db.raw('select ?::jsonb as json, ?::text as text', [
    storableJson(nasty),
    storableText('\0\udfff😀'),
  ]);
  expect(rows[0]).toEqual({
    json: { 'k\uFFFD': ['a\uFFFDb', '\uFFFD', 'pair 😀'], n: '12345678901234567890' },
    text: '\uFFFD\uFFFD😀',
  });
  expect([isStorable('😀 ok'), isStorable('\ud83d')]).toEqual([true, false]);
});
