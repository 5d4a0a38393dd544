import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { z } from 'zod';
import { readStatus } from '../../clients/operations/work/status';
import { migrate } from '../../destination/database/migrate';
import { type Connector, defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import { atEnd, type TestDatabase, testSettings } from '../environment';
import { databaseUrl } from '../environment/template';
import { type Engine, startEngine } from '../support/engine';
import { json, startSource } from '../support/sources/httpSource';

/** The three strategies on databases and roles as administrators set them up. */
const people = new Map<string, { id: string; updated_at: string; name: string; born: string; pay: number }>();
const person = (id: number, changes: object = {}) => ({
  id: String(id),
  updated_at: '2026-01-02T03:04:05Z',
  name: `p${id} é`,
  born: '1984-02-03',
  pay: 0.1 + id,
  ...changes,
});

const list = { path: '/people', records: 'data', paging: { scheme: 'none' } } as const;
const register: Connector = defineConnector({
  name: 'register',
  settings: z.object({ baseUrl: z.url() }),
  secrets: z.object({}),
  auth: { scheme: 'none' },
  entities: [
    defineEntity({
      name: 'people',
      row: z.object({ name: z.string(), born: z.iso.date(), seen: z.iso.datetime(), pay: z.number() }),
      key: 'id',
      deltaSyncField: { name: 'updated_at', kind: 'instant' },
      map: (record) => {
        const { name, born, updated_at: seen, pay } = record as ReturnType<typeof person>;
        return { name, born, seen, pay };
      },
      supportsWebhooks: false,
      readLag: '1s',
      listings: {
        ids: list,
        all: list,
        changes: { ...list, since: { param: 'since', form: 'iso-milliseconds', boundary: 'inclusive' } },
        one: { path: '/people/{id}' },
      },
    }),
  ],
});

let baseUrl: string;
beforeAll(async () => {
  const source = await startSource((_request, response, url) => {
    const id = url.pathname.split('/')[2];
    if (id !== undefined) return people.has(id) ? json(response, people.get(id)) : json(response, {}, 404);
    const since = url.searchParams.get('since');
    const data = [...people.values()].filter(
      ({ updated_at: at }) => since === null || Date.parse(at) >= Date.parse(since),
    );
    return json(response, { data });
  });
  atEnd(() => source.close());
  ({ baseUrl } = source);
});
beforeEach(() => {
  people.clear();
  for (let id = 1; id <= 40; id++) people.set(String(id), person(id));
});

/** First sync, deltas, single records and a reconciliation with a deletion; then source and table are equal. */
async function runsAsEver(engine: Engine): Promise<void> {
  expect(await engine.delta('people')).toMatchObject({ outcome: 'succeeded', counts: { inserted: 40, errors: 0 } });
  const now = new Date().toISOString();
  for (const id of [3, 4]) people.set(String(id), person(id, { updated_at: now, name: 'changed' }));
  expect((await engine.delta('people')).counts).toMatchObject({ updated: 2, errors: 0 });
  // writers at the same time wait for each other, and see what the other has written
  for (let id = 41; id <= 48; id++) people.set(String(id), person(id, { updated_at: now }));
  const ids = Array.from({ length: 8 }, (_, index) => String(41 + index));
  await Promise.all([engine.delta('people', true), ...ids.map((id) => engine.record('people', id))]);
  people.delete('7');
  await engine.db.raw(
    `update public.register_people set _sent_at = _sent_at - interval '1 minute', _received_at = _received_at - interval '1 minute'`,
  );
  expect(await engine.reconcile('people')).toMatchObject({ outcome: 'succeeded', gone: 1, deleted: 1 });
  expect((await engine.db.raw('select * from tidemark.set_aside')).rows).toEqual([]);
  const [entity] = (await readStatus(engine.db, [register], engine.temporal.client)).connections[0]?.entities ?? [];
  expect(entity).toMatchObject({ rows: { live: 47, deleted: 1 }, proved: { unjudged: {} } });
  expect(entity?.lagMs).toBeLessThan(3_600_000);
  const live = await engine
    .db('public.register_people')
    .whereNull('deleted_at')
    .select('external_id as id', 'name', 'born', 'seen', 'pay');
  const held = live.map(({ seen, ...row }) => ({ ...row, updated_at: new Date(seen).toISOString() }));
  const source = [...people.values()].map((one) => ({ ...one, updated_at: new Date(one.updated_at).toISOString() }));
  const byId = <T extends { id: string }>(some: T[]) => some.sort((a, b) => Number(a.id) - Number(b.id));
  expect(byId(held)).toEqual(byId(source));
}

/** Defaults of a database, as `alter database … set` gives them to every session. */
const settings: Record<string, Record<string, string>> = {
  'times and texts are written in other ways': {
    DateStyle: 'German, DMY',
    IntervalStyle: 'sql_standard',
    TimeZone: 'America/St_Johns',
    client_encoding: 'latin1',
    bytea_output: 'escape',
    extra_float_digits: '-3',
    search_path: 'pg_catalog',
  },
  'transactions are repeatable reads, and statements are short': {
    default_transaction_isolation: 'repeatable read',
    statement_timeout: '1ms',
    lock_timeout: '1ms',
    idle_in_transaction_session_timeout: '1ms',
    idle_session_timeout: '200ms',
  },
  'transactions are serializable, and only read': {
    default_transaction_isolation: 'serializable',
    default_transaction_read_only: 'on',
    default_transaction_deferrable: 'on',
    standard_conforming_strings: 'off',
  },
};

test.each(Object.entries(settings))('a database in which %s', async (_how, defaults) => {
  const engine = await startEngine({
    connector: register,
    settings: { baseUrl },
    prepare: async (database) => {
      // all at once: each is in force from the next session on
      const all = Object.entries(defaults).map(([name, value]) => {
        const shown = name === 'search_path' ? value : `'${value}'`;
        return `alter database ${database.name} set ${name} = ${shown}`;
      });
      await database.query(['begin read write', ...all, 'commit'].join(';'));
      return database.url;
    },
  });
  await runsAsEver(engine);
});

/** A role that may make its own tables and nothing else, in a database that is not the template's copy. */
async function ownDatabase(admin: TestDatabase): Promise<string> {
  const name = `own_${randomBytes(4).toString('hex')}`;
  const { postgresUrl } = testSettings();
  const server = async (sql: string) => {
    const client = new Client({ connectionString: postgresUrl });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await admin.query(`create role ${name} login password 'own'`);
  await server(`create database ${name}`);
  atEnd(async () => {
    await server(`drop database ${name} with (force)`);
    await server(`drop role ${name}`);
  });
  const asAdmin = new Client({ connectionString: databaseUrl(postgresUrl, name) });
  await asAdmin.connect();
  await asAdmin.query(`grant create on database ${name} to ${name}; grant create on schema public to ${name}`);
  await asAdmin.end();
  const url = new URL(databaseUrl(postgresUrl, name));
  url.username = name;
  url.password = 'own';
  await migrate(url.href);
  return url.href;
}

test('a role that is no superuser, with row-level security on its own table', async () => {
  const engine = await startEngine({ connector: register, settings: { baseUrl }, prepare: ownDatabase });
  await runsAsEver(engine);
  await engine.db.raw(`alter table public.register_people enable row level security;
    alter table public.register_people force row level security;
    create policy all_but_one on public.register_people using (true) with check (name <> 'refused')`);
  const now = new Date().toISOString();
  people.set('10', person(10, { updated_at: now, name: 'refused' }));
  people.set('11', person(11, { updated_at: now, name: 'accepted' }));
  expect((await engine.delta('people')).counts).toMatchObject({ updated: 1, errors: 1 });
  const { rows } = await engine.db.raw('select external_id, detail from tidemark.set_aside where cleared_at is null');
  expect(rows).toEqual([{ external_id: '10', detail: expect.stringContaining('row-level security policy') }]);
});

test.each(['LATIN1', 'SQL_ASCII'])('migrate refuses a database whose encoding is %s', async (encoding) => {
  const name = `encoded_${randomBytes(4).toString('hex')}`;
  const { postgresUrl } = testSettings();
  const admin = new Client({ connectionString: postgresUrl });
  await admin.connect();
  atEnd(async () => {
    await admin.query(`drop database if exists ${name} with (force)`);
    await admin.end();
  });
  const { rows } = await admin.query(`select current_setting('server_version_num')::int >= 150000 as provides`);
  const provider = rows[0].provides ? 'locale_provider libc' : '';
  await admin.query(`create database ${name} template template0 encoding '${encoding}' ${provider} locale 'C'`);
  await expect(migrate(databaseUrl(postgresUrl, name))).rejects.toMatchObject({
    type: 'Usage',
    message: expect.stringContaining(`encoding of database ${name} is ${encoding}`),
  });
});
