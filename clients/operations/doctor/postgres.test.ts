import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { planningCenter } from '../../../connectors/planning-center/connector';
import { connectDatabase } from '../../../destination/database/database';
import { atEnd, testDatabase, testSettings } from '../../../test/environment';
import { databaseUrl } from '../../../test/environment/template';
import { ring, startChurch } from '../../../test/support/engine';
import { checkDatabase } from './doctor';

const named = (checkups: Awaited<ReturnType<typeof checkDatabase>>, name: string) =>
  checkups.find((one) => one.name === name);

function open(url: string) {
  const db = connectDatabase(url);
  atEnd(() => db.destroy());
  return db;
}

test('a table that was dropped after its entity was synced; before the first run none is missed', async () => {
  const { engine } = await startChurch({ people: 5 });
  const look = async () => named(await checkDatabase(engine.db, () => ring, [engine.connector]), 'tables');
  expect(await look()).toMatchObject({ ok: true, found: '0 synced entities have their table' });
  await engine.delta('people');
  expect(await look()).toMatchObject({ ok: true, found: '1 synced entity has its table' });
  await engine.db.raw('drop table public.planning_center_people');
  expect(await look()).toEqual({
    name: 'tables',
    ok: false,
    found: 'public.planning_center_people is missing although demo/people was synced',
    fix: expect.stringContaining('tidemark sync demo people'),
  });
});

test('settings of a database that the engine does not overrule are named with their value', async () => {
  const database = await testDatabase();
  const look = async () => named(await checkDatabase(open(database.url), () => ring, []), 'sessions');
  // these it overrules
  await database.query(`alter database ${database.name} set statement_timeout = '1s'`);
  await database.query(`alter database ${database.name} set default_transaction_read_only = on`);
  expect(await look()).toMatchObject({ ok: true });
  await database.query(`begin read write; alter database ${database.name} set transaction_timeout = '30s'; commit`);
  expect(await look()).toMatchObject({
    ok: false,
    found: expect.stringMatching(/^transaction_timeout is 30s in the engine's sessions/),
    fix: expect.stringMatching(/^alter role \S+ set transaction_timeout = 0/),
  });
  // as a pooler that refuses the options of the login leaves them
  const refused = open(
    `${database.url}?options=${encodeURIComponent('-c statement_timeout=5s -c transaction_timeout=0')}`,
  );
  expect(named(await checkDatabase(refused, () => ring, []), 'sessions')).toMatchObject({
    found: expect.stringMatching(/^statement_timeout is 5s/),
  });
});

test('a role with few connections, which may make no tables', async () => {
  const database = await testDatabase();
  const role = `few_${randomBytes(4).toString('hex')}`;
  await database.query(`create role ${role} login password 'few' connection limit 12`);
  await database.query('revoke create on schema public from public');
  await database.query(
    `grant usage on schema tidemark to ${role}; grant select on all tables in schema tidemark to ${role}`,
  );
  await database.query(
    `insert into tidemark.connections (id, connector, settings, time_zone) values ('demo', '${planningCenter.name}', '{}', 'UTC')`,
  );
  const url = new URL(database.url);
  url.username = role;
  url.password = 'few';
  const db = open(url.href);
  atEnd(async () => {
    await database.query(`drop owned by ${role}; drop role ${role}`);
  });
  const checkups = await checkDatabase(db, () => ring, [planningCenter]);
  expect(named(checkups, 'sessions')).toMatchObject({
    ok: false,
    found: `role ${role} allows 12 connections; a worker takes up to 25, a server up to 20`,
    fix: expect.stringContaining(`alter role ${role} connection limit`),
  });
  expect(named(checkups, 'tables')).toMatchObject({
    ok: false,
    found: `role ${role} may not create the tables of entities in schema public`,
    fix: `grant create on schema public to ${role}`,
  });
});

test('a database in another encoding', async () => {
  const name = `encoded_${randomBytes(4).toString('hex')}`;
  const { postgresUrl } = testSettings();
  const admin = new Client({ connectionString: postgresUrl });
  await admin.connect();
  const db = connectDatabase(databaseUrl(postgresUrl, name));
  atEnd(async () => {
    await db.destroy();
    await admin.query(`drop database if exists ${name} with (force)`);
    await admin.end();
  });
  await admin.query(`create database ${name} template template0 encoding 'LATIN1' locale_provider libc locale 'C'`);
  expect(await checkDatabase(db, () => ring, [])).toEqual([
    {
      name: 'PostgreSQL',
      ok: false,
      found: expect.stringContaining(`the encoding of database ${name} is LATIN1`),
      fix: expect.stringContaining("encoding 'UTF8'"),
    },
  ]);
});
