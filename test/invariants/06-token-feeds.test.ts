import { z } from 'zod';
import { readStatus } from '../../clients/operations/work/status';
import { defineConnector } from '../../schema/definition/connector';
import { defineEntity, type EntityInput } from '../../schema/definition/entity';
import type { JsonObject } from '../../schema/json/json';
import { atEnd } from '../environment';
import { type Engine, startEngine } from '../support/engine';
import { json, startSource, type TestSource } from '../support/sources/httpSource';
import { aMinuteLater, failureOf, lastRun, until } from './support';

/** Invariant 6, for sources whose changes are a feed: the cursor is the last token that the source gave. */
interface Change {
  readonly id: string;
  readonly seq: number;
  readonly name: string;
  readonly deleted?: boolean;
}

interface FeedWorld {
  readonly source: TestSource;
  readonly engine: Engine;
  /** every change, in order; a token is the number of changes before it */
  readonly log: Change[];
  write(id: string, name: string): void;
  remove(id: string): void;
  /** tokens below are no longer known */
  forgotten: number;
  /** awaited before the whole list is answered */
  listing: () => Promise<unknown>;
  /** called once it has been */
  listed: () => void;
  fails: string | undefined;
  /** awaited before changes behind this many are answered */
  asked: (from: number) => Promise<unknown>;
}

const row = z.object({ name: z.string() });
const table = 'post_letters';
const pageSize = 2;
const list = { path: '/letters', records: 'data', total: 'total', paging: { scheme: 'none' } } as const;
const changes = {
  path: '/changes',
  records: 'data',
  paging: { scheme: 'token', param: 'after', next: 'token', more: 'more' },
  feed: { token: 'token', first: { path: '/start', token: 'now' } },
} as const;

async function startFeed(further: Partial<EntityInput<typeof row, JsonObject>> = {}): Promise<FeedWorld> {
  const log: Change[] = [];
  const state = () => {
    const latest = new Map(log.map((change) => [change.id, change]));
    return [...latest.values()].filter(({ deleted }) => !deleted);
  };
  const source = await startSource((_request, response, url) => {
    if (world.fails !== undefined && url.pathname === world.fails) return json(response, { error: 'no' }, 401);
    if (url.pathname === '/start') return json(response, { now: `t${log.length}` });
    if (url.pathname === '/letters') {
      void world.listing().then(() => {
        const data = state();
        json(response, { data, total: data.length });
        world.listed();
      });
      return;
    }
    const token = url.searchParams.get('after');
    const from = token === null ? 0 : Number(token.slice(1));
    void world.asked(from).then(() => {
      if (from < world.forgotten) return json(response, { error: 'token too old' }, 410);
      const data = log.slice(from, from + pageSize);
      const reached = from + data.length;
      // the last page has a token too, and an empty one repeats it
      return json(response, { data, token: `t${reached}`, more: reached < log.length });
    });
  });
  atEnd(() => source.close());
  const world = {
    source,
    log,
    write: (id: string, name: string) => void log.push({ id, name, seq: log.length + 1 }),
    remove: (id: string) => void log.push({ id, name: '', seq: log.length + 1, deleted: true }),
    forgotten: 0,
    listing: async () => undefined,
    listed: () => undefined,
    fails: undefined,
    asked: async () => undefined,
  } as unknown as FeedWorld;
  const letters = defineEntity<typeof row>({
    name: 'letters',
    row,
    key: 'id',
    deltaSyncField: { name: 'seq', kind: 'integer' },
    map: (record) => ({ name: String(record.name) }),
    gone: { record: (record) => record.deleted === true },
    supportsWebhooks: false,
    readLag: '1s',
    listings: { all: list, changes },
    ...further,
  });
  const connector = defineConnector({
    name: 'post',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [letters],
  });
  const engine = await startEngine({ connector, settings: { baseUrl: source.baseUrl } });
  return Object.assign(world, { engine });
}

const held = async ({ engine }: FeedWorld) =>
  (await engine.db.raw('select kind, token, deletions_unknown_since as unknown from tidemark.cursors')).rows[0];

const names = async ({ engine }: FeedWorld) =>
  [...(await engine.rows(table)).values()].map(({ name }) => name).toSorted();

async function requestsOf(world: FeedWorld, work: Promise<unknown>): Promise<string[]> {
  const before = world.source.requests.length;
  await work;
  return world.source.requests.slice(before);
}

test('the first token is had before the first page of `all`, so that what changes meanwhile is not lost', async () => {
  const world = await startFeed();
  world.write('a', 'first');
  world.listed = () => {
    if (world.log.length === 1) world.write('a', 'changed while the list was read');
  };
  expect(await requestsOf(world, world.engine.delta('letters'))).toEqual(['/start', '/letters']);
  expect(await names(world)).toEqual(['first']);
  expect(await held(world)).toEqual({ kind: 'token', token: 't1', unknown: null });
  await world.engine.delta('letters');
  expect(await names(world)).toEqual(['changed while the list was read']);
});

test('a delta goes on from the token, to the end that `more` shows, and keeps the last token', async () => {
  const world = await startFeed();
  for (const id of ['a', 'b', 'c']) world.write(id, id);
  await world.engine.delta('letters');
  // one page: with the run in one activity
  world.write('d', 'd');
  expect(await requestsOf(world, world.engine.delta('letters'))).toEqual(['/changes?after=t3']);
  expect((await held(world)).token).toBe('t4');
  // several pages, with a deletion among them
  for (const id of ['e', 'f', 'g']) world.write(id, id);
  world.remove('a');
  world.write('h', 'h');
  expect(await requestsOf(world, world.engine.delta('letters'))).toEqual([
    '/changes?after=t4',
    '/changes?after=t6',
    '/changes?after=t8',
  ]);
  expect(await names(world)).toEqual(['b', 'c', 'd', 'e', 'f', 'g', 'h']);
  expect((await held(world)).token).toBe('t9');
  // nothing new: the token that it repeats is the same cursor
  expect(await requestsOf(world, world.engine.delta('letters'))).toEqual(['/changes?after=t9']);
  expect((await held(world)).token).toBe('t9');
});

test('where `all` is the feed from its beginning, its last token is the first cursor', async () => {
  const { feed: _, ...all } = changes;
  const listings = { all, changes: { ...changes, feed: { token: 'token', first: 'all' as const } } };
  const world = await startFeed({ listings });
  for (const id of ['a', 'b', 'c']) world.write(id, id);
  expect(await requestsOf(world, world.engine.delta('letters'))).toEqual(['/changes', '/changes?after=t2']);
  expect((await held(world)).token).toBe('t3');
  world.write('d', 'd');
  expect(await requestsOf(world, world.engine.delta('letters'))).toEqual(['/changes?after=t3']);
});

test('a feed that gives no token fails the run, and the next one reads everything again', async () => {
  const { feed, ...all } = changes;
  const listings = { all, changes: { ...changes, feed: { ...feed, token: 'nowhere', first: 'all' as const } } };
  const world = await startFeed({ listings });
  world.write('a', 'a');
  expect(await failureOf(world.engine.delta('letters'))).toBe('ContractBroken');
  expect(await held(world)).toBeUndefined();
});

describe('a token that the source has forgotten', () => {
  async function forgetful(): Promise<FeedWorld> {
    const world = await startFeed();
    for (const id of ['a', 'b', 'c']) world.write(id, id);
    await world.engine.delta('letters');
    await aMinuteLater(world.engine, table);
    world.remove('b');
    world.write('c', 'c, changed');
    world.forgotten = 4;
    return world;
  }

  test('costs a full read that begins with a fresh token, and a reconciliation that finds what was deleted', async () => {
    const world = await forgetful();
    const asked = await requestsOf(world, world.engine.delta('letters'));
    expect(asked.filter((path) => path !== '/letters').slice(-1)).toEqual(['/start']);
    expect(asked.indexOf('/start')).toBeLessThan(asked.indexOf('/letters'));
    const run = (
      await world.engine.db.raw(
        `select cursor_before as at from tidemark.runs where strategy = 'delta' order by id desc limit 1`,
      )
    ).rows[0];
    expect(await held(world)).toMatchObject({ token: 't5' });
    // said until the reconciliation, which starts by itself, has succeeded
    await until(async () => (await held(world)).unknown === null);
    expect(await lastRun(world.engine, 'letters')).toMatchObject({ strategy: 'reconciliation' });
    expect(await names(world)).toEqual(['a', 'c, changed']);
    expect(run.at).toBeInstanceOf(Date);
  });

  test('is said by status until then', async () => {
    const world = await forgetful();
    // no reconciliation can begin: another one holds its place
    await world.engine.db.raw(
      `insert into tidemark.runs (connection_id, entity, strategy, trigger, workflow_id, workflow_run_id, lease_until)
       values ('demo', 'letters', 'reconciliation', 'api', 'held', 'held', now() + interval '1 hour')`,
    );
    const before = (await lastRun(world.engine, 'letters')).startedAt;
    const result = await world.engine.delta('letters');
    expect(result.deletionsUnknownSince).toBeDefined();
    const { connections } = await readStatus(world.engine.db, [world.engine.connector]);
    const since = connections[0]?.entities[0]?.deletionsUnknownSince;
    expect(since?.toISOString()).toBe(result.deletionsUnknownSince);
    expect(since?.getTime()).toBeLessThan(before.getTime());
  });

  test('keeps its place while the full read fails', async () => {
    const world = await forgetful();
    world.fails = '/letters';
    expect(await failureOf(world.engine.delta('letters'))).toBe('CredentialsRefused');
    expect(await held(world)).toEqual({ kind: 'token', token: 't3', unknown: null });
    world.fails = undefined;
    await world.engine.delta('letters');
    expect((await held(world)).token).toBe('t5');
  });
});

test('a token that an operator has reset meanwhile stays reset', async () => {
  const world = await startFeed();
  world.write('a', 'a');
  await world.engine.delta('letters');
  world.write('b', 'b');
  world.listing = () => world.engine.db.raw(`update tidemark.cursors set token = 't0'`);
  expect((await world.engine.delta('letters', true)).outcome).toBe('succeeded');
  expect((await held(world)).token).toBe('t0');
});

test.each(['first', 'last', 'newest'] as const)(
  'a token that expires between two pages: what was listed before is no duplicate in the full read, keeping the %s',
  async (keep) => {
    const world = await startFeed({ duplicates: keep === 'newest' ? { keep } : { keep, ordered: true } });
    for (const id of ['a', 'b']) world.write(id, id);
    await world.engine.delta('letters');
    for (const id of ['a', 'b', 'c']) world.write(id, `${id}, changed`);
    world.asked = async (from) => {
      if (from < 4) return;
      await until(async () => (await names(world)).includes('a, changed'));
      world.write('a', 'a, changed once more');
      world.forgotten = 1_000;
    };
    const { counts } = await world.engine.delta('letters');
    expect(await names(world)).toEqual(['a, changed once more', 'b, changed', 'c, changed']);
    expect(counts).toMatchObject({ duplicates: 0, inserted: 1 });
  },
);
