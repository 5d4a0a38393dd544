import { z } from 'zod';
import { listSetAside } from '../../destination/setAside/setAsideEntries';
import { defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import { atEnd } from '../environment';
import { aMinuteLater } from '../invariants/support';
import { connectionId, type Engine, startEngine } from '../support/engine';
import { json, startSource } from '../support/sources/httpSource';

/** Hostile records: each among ninety-nine good ones lands as it should or is set aside, and the others land all the same. */
const table = 'acme_items';
const good = (id: string, rest = '') => `{"id":${id},"updated_at":"2026-01-01T00:00:00Z","name":"Good"${rest}}`;

interface Odd {
  readonly name: string;
  /** the record as it stands in the body */
  readonly text: string;
  /** its id in the table, or in the set-aside */
  readonly id: string | null;
  /** the row, where it lands */
  readonly row?: Readonly<Record<string, unknown>>;
  /** why it is set aside, where it is */
  readonly detail?: RegExp;
}

const at = (text: string) => `{"id":"${text}","updated_at":"${text}","name":"x"}`;
const big = 'x'.repeat(3 * 1024 * 1024);
const odd: readonly Odd[] = [
  { name: 'U+0000', text: good('"nul"').replace('Good', 'a\\u0000b'), id: 'nul', row: { name: 'a\uFFFDb' } },
  {
    name: 'a lone surrogate',
    text: good('"lone"').replace('Good', 'a\\ud800b'),
    id: 'lone',
    row: { name: 'a\uFFFDb' },
  },
  { name: '3 MB', text: good('"big"').replace('Good', big), id: 'big', row: { name: big } },
  { name: 'an id that is a number', text: good('42'), id: '42', row: { name: 'Good' } },
  { name: 'an id above 2^53', text: good('9007199254740993'), id: '9007199254740993', row: { name: 'Good' } },
  { name: 'an id with leading zeros', text: good('"0042"'), id: '0042', row: { name: 'Good' } },
  { name: 'an id with a slash', text: good('"a/b"'), id: 'a/b', row: { name: 'Good' } },
  { name: 'an id with percent signs', text: good('"50%2F"'), id: '50%2F', row: { name: 'Good' } },
  { name: 'an id with a question mark', text: good('"a?b=1#c"'), id: 'a?b=1#c', row: { name: 'Good' } },
  { name: 'an unknown field', text: good('"more"', ',"hobby":"chess"'), id: 'more', row: { name: 'Good' } },
  { name: 'no id', text: '{"updated_at":"2026-01-01T00:00:00Z","name":"x"}', id: null, detail: /id/ },
  { name: 'a null id', text: good('null'), id: null, detail: /id/ },
  { name: 'a renamed field', text: good('"renamed"').replace('"name"', '"full_name"'), id: 'renamed', detail: /name/ },
  {
    name: 'a type that changed',
    text: good('"typed"').replace('"Good"', '{"first":"Ada"}'),
    id: 'typed',
    detail: /name/,
  },
  { name: 'no object', text: '"just text"', id: null, detail: /object/ },
  { name: 'a time without a zone', text: at('2026-01-01T00:00:00'), id: '2026-01-01T00:00:00', detail: /time zone/ },
  {
    name: 'a day that does not exist',
    text: at('2026-02-30T00:00:00Z'),
    id: '2026-02-30T00:00:00Z',
    detail: /instant/,
  },
  {
    // in Berlin the clock goes from 2 to 3 that night
    name: 'a time that does not exist in its time zone',
    text: at('2026-03-29T02:30:00 Europe/Berlin'),
    id: '2026-03-29T02:30:00 Europe/Berlin',
    detail: /instant/,
  },
];
const landing = odd.filter(({ row }) => row);
const aside = odd.filter(({ row }) => !row);

const plain = 100 - odd.length;
let body: readonly string[];
let engine: Engine;
const asked: string[] = [];

beforeAll(async () => {
  body = [
    ...odd.map(({ text }) => text),
    ...Array.from({ length: plain }, (_, index) => good(`"g${index}"`)),
    // the same id twice in a page, the newer one first
    '{"id":"twice","updated_at":"2026-01-02T00:00:00Z","name":"Newer"}',
    '{"id":"twice","updated_at":"2026-01-01T00:00:00Z","name":"Older"}',
  ];
  const source = await startSource((request, response, url) => {
    if (url.pathname === '/items') return json(response, `{"data":[${body.join(',')}]}`);
    // as it came, encoded
    const id = decodeURIComponent((request.url ?? '').slice('/items/'.length));
    asked.push(id);
    const found = odd.find((one) => one.id === id);
    return json(response, found?.text ?? '{}', found ? 200 : 404);
  });
  atEnd(() => source.close());
  const listing = { path: '/items', paging: { scheme: 'none' }, records: 'data' } as const;
  const items = defineEntity({
    name: 'items',
    row: z.object({ name: z.string() }),
    key: 'id',
    deltaSyncField: { name: 'updated_at', kind: 'instant' },
    map: (record) => ({ name: record.name as string }),
    supportsWebhooks: false,
    readLag: '1s',
    listings: { all: listing, ids: listing, one: { path: '/items/{id}' } },
  });
  const connector = defineConnector({
    name: 'acme',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [items],
  });
  engine = await startEngine({ connector, settings: { baseUrl: source.baseUrl } });
});

test('all others land, and each is counted once', async () => {
  const { outcome, counts } = await engine.delta('items');
  expect(outcome).toBe('succeeded');
  expect(counts).toMatchObject({ inserted: plain + landing.length + 1, errors: aside.length });
});

test.each(landing)('$name: lands', async ({ id, row, text }) => {
  const found = (await engine.rows(table)).get(id as string);
  expect(found).toMatchObject(row as object);
  // the record as the source sent it, as far as jsonb can hold it
  if (text.length < 1000) expect(Object.keys(found?.raw as object)).toEqual(expect.arrayContaining(['id', 'name']));
});

test.each(aside)('$name: set aside', async ({ id, detail }) => {
  const entries = await engine.db('tidemark.set_aside').where({ connection_id: connectionId, external_id: id });
  expect(entries.map((entry) => entry.reason)).toContain('invalid');
  expect(entries.some((entry) => detail?.test(entry.detail))).toBe(true);
});

test('the same id twice in a page: the newer one stays', async () => {
  expect((await engine.rows(table)).get('twice')?.name).toBe('Newer');
});

test.each(landing)('$name: asked for alone, it is the same record', async ({ id }) => {
  expect(await engine.record('items', id as string)).toMatchObject({ outcome: 'unchanged' });
  expect(asked.at(-1)).toBe(id);
});

test('what is set aside deletes nothing, and is cleared when the source has mended it', async () => {
  await aMinuteLater(engine, table);
  expect(await engine.reconcile('items')).toMatchObject({ outcome: 'succeeded', gone: 0, deleted: 0 });
  expect(await listSetAside(engine.db, { entity: 'items' })).toHaveLength(aside.length);
  body = aside.map(({ id }, index) => good(JSON.stringify(id ?? `mended${index}`)));
  await engine.delta('items');
  // those without an id can't be recognised: they end since this delta reads everything and did not meet them
  expect(await listSetAside(engine.db, { entity: 'items' })).toEqual([]);
});
