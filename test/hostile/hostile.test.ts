import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import type { PagingInput } from '../../schema/definition/listings/paging';
import type { ErrorType } from '../../schema/errors';
import { atEnd } from '../environment';
import { aMinuteLater, cursor, failureOf, lastRun } from '../invariants/support';
import { type Engine, startEngine } from '../support/engine';
import { json, startSource, type TestSource } from '../support/sources/httpSource';

/**
 * A hostile source, as an operator sees it: each row of the table has an entity of its own, which was synced while the source
 * was well. What the client makes of an answer is tested in source/hostile.test.ts, waiting (429) in invariants/13, TLS in
 * source/secure.test.ts; answers that hang take the client's own time limits, and stand there too.
 */
const size = 40;
const pageSize = 10;
const token = 'tok-en/42==';

interface Query {
  readonly url: URL;
  readonly offset: number;
  /** an instant, when changes are asked for */
  readonly since: string | null;
  /** undefined in a listing */
  readonly id: string | undefined;
}

interface Case {
  readonly name: string;
  readonly paging?: PagingInput;
  /** one instant for all records */
  readonly tied?: true;
  /** answers in the source's place; returns false where the source answers as it should */
  readonly spoil: (query: Query, response: ServerResponse) => boolean;
  /** of a delta that reads everything; absent: it succeeds with every record unchanged */
  readonly full?: ErrorType;
  /** of a delta that reads changes; absent: it succeeds */
  readonly delta?: ErrorType;
  /** of a reconciliation; absent: it succeeds and deletes nothing */
  readonly reconciliation?: ErrorType | 'waiting';
}

const offset = { scheme: 'offset', sizeParam: 'size', pageSize } as const;
const withToken = { scheme: 'token', param: 'token', next: 'next', sizeParam: 'size', pageSize } as const;
const withLink = { scheme: 'link', next: 'link', sizeParam: 'size', pageSize } as const;

const all = (type: ErrorType) => ({ full: type, delta: type, reconciliation: type });
const inList =
  (answer: (response: ServerResponse, query: Query) => void) => (query: Query, response: ServerResponse) => {
    if (query.id !== undefined) return false;
    answer(response, query);
    return true;
  };
const afterFirstPage =
  (answer: (response: ServerResponse, query: Query) => void) => (query: Query, response: ServerResponse) =>
    query.offset > 0 && inList(answer)(query, response);
const raw = (body: string | Buffer, headers = {}) =>
  inList((response) => {
    response.writeHead(200, { 'Content-Type': 'application/json', ...headers });
    response.end(body);
  });

let elsewhere: TestSource;
let source: TestSource;
let engine: Engine;
const hostile = new Set<string>();

const cases: readonly Case[] = [
  { name: 'error_body', spoil: inList((r) => json(r, { data: [], error: 'quota' })), ...all('ContractBroken') },
  { name: 'html', spoil: raw('<!doctype html><p>Log in'), ...all('ContractBroken') },
  { name: 'null_body', spoil: raw('null'), ...all('ContractBroken') },
  { name: 'empty_body', spoil: raw(''), ...all('ContractBroken') },
  { name: 'no_list', spoil: inList((r) => json(r, { data: { 1: {} }, total: 1 })), ...all('ContractBroken') },
  { name: 'cut_json', spoil: raw('{"data":[{"id":"r1"'), ...all('SourceUnreachable') },
  { name: 'charset', spoil: raw(Buffer.from('{"data":["\xeb"]}', 'latin1')), ...all('ContractBroken') },
  {
    name: 'bomb',
    spoil: raw(gzipSync(Buffer.alloc(70_000_000, 32)), { 'Content-Encoding': 'gzip' }),
    ...all('ContractBroken'),
  },
  // nothing contradicts an empty list but what is known: no delta deletes, and a reconciliation waits for an operator
  { name: 'empty_list', spoil: inList((r) => json(r, { data: [], total: 0 })), reconciliation: 'waiting' },
  {
    name: 'cut_list',
    spoil: afterFirstPage((r) => json(r, { data: [], total: size })),
    full: 'ContractBroken',
    reconciliation: 'ContractBroken',
  },
  {
    name: 'wrong_total',
    spoil: ({ id, offset: from, since }, response) =>
      id === undefined && since === null && answerPage(response, records('wrong_total'), from, size + 7),
    full: 'ContractBroken',
    reconciliation: 'ContractBroken',
  },
  {
    name: 'cycling_token',
    paging: withToken,
    spoil: inList((r, { offset: from }) =>
      answerPage(r, records('cycling_token'), from, size, from === 10 ? '0' : '10'),
    ),
    ...all('ContractBroken'),
  },
  {
    name: 'repeated_token',
    paging: withToken,
    spoil: inList((r, { offset: from }) => answerPage(r, records('repeated_token'), from, size, String(from))),
    ...all('ContractBroken'),
  },
  {
    name: 'stale_token',
    paging: withToken,
    spoil: afterFirstPage((r) => json(r, { error: 'this token has expired' }, 400)),
    full: 'ContractBroken',
    reconciliation: 'ContractBroken',
  },
  {
    name: 'capped_pages',
    spoil: ({ id, offset: from, since }, r) =>
      id === undefined && since === null && answerPage(r, records('capped_pages').slice(0, from + 3), from, size),
  },
  {
    name: 'filter_ignored',
    spoil: ({ id, offset: from, since }, r) =>
      id === undefined && since !== null && answerPage(r, records('filter_ignored'), from, size),
    delta: 'ContractBroken',
  },
  {
    name: 'filter_disliked',
    spoil: ({ since }, r) => since !== null && answerPage(r, [], 0, 0),
    delta: 'ContractBroken',
  },
  { name: 'tied', tied: true, spoil: () => false },
  {
    name: 'refused_midway',
    spoil: afterFirstPage((r) => json(r, {}, 401)),
    full: 'CredentialsRefused',
    reconciliation: 'CredentialsRefused',
  },
  { name: 'forbidden', spoil: inList((r) => json(r, {}, 403)), ...all('CredentialsRefused') },
  { name: 'unavailable', spoil: inList((r) => json(r, {}, 503)), ...all('SourceUnreachable') },
  {
    name: 'redirect',
    spoil: inList((r) => json(r, '', 302, { Location: `${elsewhere.baseUrl}/steal` })),
    ...all('ContractBroken'),
  },
  // another port of the same host would be followed at the source's own
  {
    name: 'foreign_link',
    paging: withLink,
    // by another name: a link to another port of the same host is followed at the source's own
    spoil: inList((r) =>
      json(r, { data: [], total: size, link: `${elsewhere.baseUrl.replace('127.0.0.1', 'localhost')}/steal` }),
    ),
    ...all('ContractBroken'),
  },
  // listed no more, and refused when asked for: neither live nor gone
  {
    name: 'one_forbidden',
    spoil: ({ id, offset: from, since }, response) => {
      if (id === 'r7') json(response, {}, 403);
      else if (id === undefined && since === null)
        answerPage(
          response,
          records('one_forbidden').filter((record) => record.id !== 'r7'),
          from,
          size - 1,
        );
      else return false;
      return true;
    },
  },
  { name: 'not_found', spoil: inList((r) => json(r, {}, 404)), ...all('ContractBroken') },
];

interface Item {
  readonly id: string;
  readonly updated_at: string;
  readonly name: string;
}

function records(name: string): Item[] {
  const { tied } = cases.find((one) => one.name === name) ?? {};
  const second = (index: number) => String(tied ? 0 : index).padStart(2, '0');
  return Array.from({ length: size }, (_, index) => ({
    id: `r${index}`,
    updated_at: `2026-01-01T00:00:${second(index)}Z`,
    name: `${name} ${index}`,
  }));
}

/** A page in the form that every scheme here understands. */
function answerPage(response: ServerResponse, list: readonly Item[], from: number, total: number, next?: string): true {
  const end = from + pageSize;
  const further = next ?? (end < list.length ? String(end) : null);
  const link = further === null ? null : `?offset=${further}`;
  json(response, { data: list.slice(from, end), total, next: further, link });
  return true;
}

const entityOf = ({ name, paging = offset }: Case) => {
  const listing = { path: `/${name}`, paging, records: 'data', total: 'total', error: 'error' };
  const since = { param: 'since', form: 'iso-seconds', boundary: 'inclusive' } as const;
  return defineEntity({
    name,
    row: z.object({ name: z.string() }),
    key: 'id',
    deltaSyncField: { name: 'updated_at', kind: 'instant' },
    map: (record) => ({ name: String(record.name) }),
    supportsWebhooks: false,
    readLag: '1s',
    listings: { all: listing, changes: { ...listing, since }, ids: listing, one: { path: `/${name}/{id}` } },
  });
};

/** What became of each: the type of the failure, or the outcome. */
interface Outcome {
  readonly full: string | undefined;
  readonly delta: string | undefined;
  readonly reconciliation: string | undefined;
  readonly moved: boolean;
  readonly before: unknown;
  readonly after: unknown;
}
const outcomes = new Map<string, Outcome>();

beforeAll(async () => {
  elsewhere = await startSource((_request, response) => json(response, { data: [] }));
  source = await startSource((_request, response, url) => {
    const [, name = '', id] = url.pathname.split('/');
    const at = url.searchParams.get('offset') ?? url.searchParams.get('token');
    const query = { url, id, offset: Number(at ?? 0), since: url.searchParams.get('since') };
    if (hostile.has(name) && cases.find((one) => one.name === name)?.spoil(query, response)) return;
    answerWell(name, query, response);
  });
  for (const server of [source, elsewhere]) atEnd(() => server.close());
  const connector = defineConnector({
    name: 'acme',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({ token: z.string() }),
    auth: { scheme: 'bearer', token: 'token' },
    entities: cases.map(entityOf),
  });
  const settings = { baseUrl: source.baseUrl };
  engine = await startEngine({ connector, settings, secrets: { token }, worker: { giveUpAfterMs: 0 } });
  let next = 0;
  const lane = async () => {
    for (let one = cases[next++]; one !== undefined; one = cases[next++]) outcomes.set(one.name, await suffered(one));
  };
  await Promise.all(Array.from({ length: 6 }, lane));
}, 180_000);

function answerWell(name: string, { id, offset: from, since }: Query, response: ServerResponse): void {
  const known = records(name);
  const found = known.find((record) => record.id === id);
  if (id !== undefined) json(response, found ?? {}, found ? 200 : 404);
  else {
    const list = known.filter(({ updated_at }) => since === null || updated_at >= since);
    answerPage(response, list, from, list.length);
  }
}

async function suffered({ name }: Case): Promise<Outcome> {
  const table = `acme_${name}`;
  const contents = async () =>
    (await engine.db.raw(`select external_id, name, deleted_at from ${table} order by external_id`)).rows;
  const end = (run: Promise<{ outcome: string }>) =>
    run.then(
      ({ outcome }) => outcome,
      () => failureOf(run),
    );
  await engine.delta(name);
  await aMinuteLater(engine, table);
  // the source tells its time in whole seconds: two deltas within one of them leave the cursor where it is
  await engine.db.raw(`update tidemark.cursors set at = at - interval '5 seconds' where entity = ?`, [name]);
  const before = { rows: await contents(), cursor: await cursor(engine, name) };
  hostile.add(name);
  const delta = await end(engine.delta(name));
  const full = await end(engine.delta(name, true));
  const after = await cursor(engine, name);
  const reconciliation = await end(engine.reconcile(name));
  return { full, delta, reconciliation, moved: after !== before.cursor, before: before.rows, after: await contents() };
}

test.each(cases)('$name', async ({ name, full, delta, reconciliation }) => {
  const outcome = outcomes.get(name);
  expect(outcome).toMatchObject({
    full: full ?? 'succeeded',
    delta: delta ?? 'succeeded',
    reconciliation: reconciliation ?? 'succeeded',
    // only a run that succeeded moves it
    moved: full === undefined || delta === undefined,
  });
  expect(outcome?.after).toEqual(outcome?.before);
  const run = await lastRun(engine, name);
  if (run.status === 'failed') expect(run.error).toMatch(/^acme, connection 'demo', /);
});

test('the secret went to nobody else', () => {
  expect(elsewhere.requests).toEqual([]);
  expect(source.headers.every(({ authorization }) => authorization === `Bearer ${token}`)).toBe(true);
});
