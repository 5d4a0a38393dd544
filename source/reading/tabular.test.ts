import { tabular, tabularMistakes } from '../../schema/definition/listings/tabular';
import type { SourceText } from '../../schema/json/sourceText';
import { json, readAll, startSource, type TestSource, testClient } from '../../test/support/sources/httpSource';
import { elementsOf } from './elementsOf';

let source: TestSource | undefined;
afterEach(() => source?.close());
const { signal } = new AbortController();

const fields = { id: ['Order Number', 'Order No.'], name: ['Customer', 'Customer Name'] };
const asked = { headers: 'data.headers', fields, others: ['Note'] };
const headers = ['Order Number', 'Note', 'Customer'];
const rows = [
  ['A1', 'x', 'Ada'],
  ['A2', null, null],
];

async function reading(body: unknown, definition: object = asked, more: object = {}) {
  await source?.close();
  source = await startSource((_, response) => json(response, body));
  const notices: string[] = [];
  const listing = { path: '/report', records: 'data.rows', tabular: definition, paging: { scheme: 'none' }, ...more };
  const client = testClient(
    source.baseUrl,
    { deltaSyncField: undefined as never, listings: { all: listing as never } },
    { onNotice: (text) => notices.push(text) },
  );
  return { client, notices, read: () => readAll(client) };
}

async function answers(body: unknown, definition: object = asked) {
  const { pages } = await (await reading(body, definition)).read();
  const parts = [];
  for (const page of pages) for await (const part of page.answers()) parts.push(part);
  return { live: parts.flatMap(({ live }) => live), setAside: parts.flatMap(({ setAside }) => setAside), pages };
}

test('rows become objects of their fields; raw is that object, with every digit', async () => {
  const text = `{"data":{"headers":${JSON.stringify(headers)},"rows":[["A1", [1, "]\\""] ,"Ada"],["A2",12345678901234567890.123,null]]}}`;
  const { live, pages } = await answers(text);
  expect(live).toMatchObject([
    { id: 'A1', version: null, row: { name: 'Ada' } },
    { id: 'A2', row: { name: null } },
  ]);
  expect(live.map(({ raw }) => (raw as SourceText).storable)).toEqual([
    '{"id":"A1","Note":[1, "]\\""],"name":"Ada"}',
    '{"id":"A2","Note":12345678901234567890.123,"name":null}',
  ]);
  expect((await pages[0]?.listed())?.map(({ id }) => id)).toEqual(['A1', 'A2']);
});

test('of several names for a field the first that is there counts, even where it holds nothing', async () => {
  const { live } = await answers({
    data: { headers: ['Customer Name', 'Order No.', 'Customer'], rows: [['stale', 'A1', null]] },
  });
  expect(live).toMatchObject([{ id: 'A1', row: { name: null } }]);
});

test.each<[string, unknown, string]>([
  ['a missing header', ['Order Number', 'Note'], "there is no header 'Customer' or 'Customer Name'"],
  ['a doubled header', ['Order Number', 'Customer', 'Customer'], "the header 'Customer' comes more than once"],
  ['a header without a name', ['Order Number', '', 'Customer'], "header 2 at 'data.headers' has no name"],
  ['headers that are no list', 'Order Number,Customer', "'data.headers' in the body is not a list of headers"],
])('%s refuses the response as a whole', async (_, wrong, problem) => {
  await expect((await reading({ data: { headers: wrong, rows } })).read()).rejects.toMatchObject({
    type: 'ContractBroken',
    message: expect.stringContaining(problem),
  });
});

test('a missing header that is optional, and a doubled one that is not needed, refuse nothing', async () => {
  const definition = { ...asked, optional: ['name'] };
  const { live } = await answers(
    { data: { headers: ['Order Number', 'Note', 'Note'], rows: [['A1', 1, 2]] } },
    definition,
  );
  expect(live.map(({ raw }) => (raw as SourceText).storable)).toEqual(['{"id":"A1","Note":1,"Note (2)":2}']);
});

test('headers without rows, and nothing at all, are an empty list', async () => {
  expect((await answers({ data: { headers, rows: [] } })).live).toEqual([]);
  expect((await answers({ data: { headers: [], rows: [] } })).live).toEqual([]);
});

test('a row of another length is set aside as it came, and the others land', async () => {
  const { live, setAside, pages } = await answers({ data: { headers, rows: [...rows, ['A3', 'Ada'], 7] } });
  expect(live.map(({ id }) => id)).toEqual(['A1', 'A2']);
  expect(setAside).toMatchObject([
    { id: null, reason: 'invalid', detail: 'the row has 2 values, and there are 3 headers' },
    { id: null, reason: 'invalid', detail: 'it is not an object but a number' },
  ]);
  expect((await pages[0]?.listed())?.map(({ id }) => id)).toEqual(['A1', 'A2']);
});

test('headers may be objects with names', async () => {
  const { live } = await answers(
    { data: { headers: headers.map((label) => ({ label })), rows } },
    { ...asked, headerName: 'label' },
  );
  expect(live.map(({ id }) => id)).toEqual(['A1', 'A2']);
});

test('a new header is reported once, where the definition lists those that it knows', async () => {
  const body = { data: { headers: [...headers, 'Region', 'Vendor'], rows: rows.map((row) => [...row, 1, 2]) } };
  const { read, notices } = await reading(body, { ...asked, headers: 'data.headers' }, { path: '/new' });
  await read();
  await read();
  expect(notices).toEqual([expect.stringContaining('new headers "Region", "Vendor". Add them to `others`')]);
  const { others: _, ...unlisted } = asked;
  const silent = await reading(body, unlisted, { path: '/silent' });
  await silent.read();
  expect(silent.notices).toEqual([]);
});

test('probe names the headers that the definition does not know', async () => {
  const found = async (known: readonly string[]) => {
    const { client } = await reading({ data: { headers, rows } }, { ...asked, others: known });
    const { findings } = await client.client.probe(client.entity, { partition: '', deleted: [], signal });
    return findings.find(({ about }) => about === 'headers');
  };
  expect(await found(['Note'])).toMatchObject({ verdict: 'agrees' });
  expect(await found([])).toMatchObject({ verdict: 'unknown', line: "tabular: { …, others: ['Note'] }" });
});

test('mistakes of the definition have their path', () => {
  const mistakes = (input: object) => tabularMistakes('x.tabular', tabular.parse({ headers: 'h', fields, ...input }));
  expect(mistakes({})).toEqual([]);
  expect(mistakes({ optional: ['nmae'] })).toEqual(["x.tabular.optional: there is no field 'nmae' in fields"]);
  expect(mistakes({ fields: { a: 'A', b: ['B', 'A'] } })).toEqual([
    "x.tabular.fields.b: 'A' is a header of 'a' already",
  ]);
});

test('the elements of a list, as they are written', () => {
  expect(elementsOf('[]')).toEqual([]);
  expect(elementsOf(' [ 1 , "a,\\"]" , {"b":[1,2]} , [ ] ] ')).toEqual(['1', '"a,\\"]"', '{"b":[1,2]}', '[ ]']);
});
