import type { Knex } from 'knex';
import type { Migration } from '../../schema/migrations';
import { migrations } from '../../schema/migrations';
import { testDatabase } from '../../test/environment';
import { connectDatabase } from './database';
import { assertSchema, migrate } from './migrate';

const open: Knex[] = [];
afterAll(() => Promise.all(open.map((db) => db.destroy())));

/** A database that Tidemark has never been in. */
async function emptyDatabase(): Promise<{ db: Knex; url: string }> {
  const { url } = await testDatabase();
  const db = connectDatabase(url);
  open.push(db);
  await db.raw('drop schema tidemark cascade');
  return { db, url };
}

const further = (version: number, sql: string, breaking = false): Migration => ({
  version,
  name: `change ${version}`,
  sql,
  breaking,
});
const latest = migrations.at(-1)?.version ?? 0;

test('several processes migrate a new database at once: each migration runs once', async () => {
  const { db, url } = await emptyDatabase();
  const done = await Promise.all(Array.from({ length: 5 }, () => migrate(url)));
  expect(done.map(({ to }) => to)).toEqual(Array(5).fill(latest));
  expect(done.flatMap(({ applied }) => applied).sort()).toEqual(migrations.map(({ name }) => name).sort());
  expect(await migrate(db)).toEqual({ from: latest, to: latest, applied: [] });
  await assertSchema(db);
});

test('a migration that fails leaves nothing behind, and those before it stay', async () => {
  const { db } = await emptyDatabase();
  const list = [
    further(1, 'create table tidemark.one (id int)'),
    further(2, 'create table tidemark.two (id int); select 1 / 0'),
  ];
  await expect(migrate(db, list)).rejects.toThrow('division by zero');
  const { rows } = await db.raw(
    `select to_regclass('tidemark.one') is not null as one, to_regclass('tidemark.two') is not null as two`,
  );
  expect(rows).toEqual([{ one: true, two: false }]);
  const mended = [...list.slice(0, 1), further(2, `create table tidemark.two (q text default 'why?')`)];
  expect(await migrate(db, mended)).toEqual({ from: 1, to: 2, applied: ['change 2'] });
});

test('a database without Tidemark, or with an older one, is refused with what to do', async () => {
  const { db } = await emptyDatabase();
  await expect(assertSchema(db)).rejects.toMatchObject({
    type: 'Usage',
    message: expect.stringContaining('tidemark migrate'),
  });
  await migrate(db, [further(1, 'select 1')]);
  await expect(assertSchema(db, [further(1, ''), further(2, '')])).rejects.toMatchObject({
    type: 'Usage',
    message: expect.stringMatching(/version 1 .* needs 2: run 'tidemark migrate'/),
  });
});

test('a newer database is refused when its change breaks this Tidemark, and only then', async () => {
  const { db } = await emptyDatabase();
  const old = [further(1, 'select 1')];
  await migrate(db, [...old, further(2, 'select 1')]);
  await assertSchema(db, old);
  expect(await migrate(db, old)).toEqual({ from: 2, to: 2, applied: [] });
  await migrate(db, [...old, further(2, 'select 1'), further(3, 'select 1', true)]);
  const refusal = { type: 'Usage', message: expect.stringContaining('upgrade this worker') };
  await expect(assertSchema(db, old)).rejects.toMatchObject(refusal);
  await expect(migrate(db, old)).rejects.toMatchObject(refusal);
});
