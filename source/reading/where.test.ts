import type { EntityInput } from '../../schema/definition/entity';
import type { JsonObject } from '../../schema/json/json';
import {
  idsOf,
  json,
  readAll,
  type row,
  startSource,
  type TestSource,
  testClient,
} from '../../test/support/sources/httpSource';

let source: TestSource | undefined;
afterEach(() => source?.close());
const { signal } = new AbortController();

/** Bookings and returns in one list; a return has the number of its booking, or none. */
const records = [
  { no: 1, booked: '2026-01-01', name: 'Ada' },
  { no: 1, returned: '2026-01-02', name: 'Ada' },
  { returned: '2026-01-03', name: 'Bo' },
  { no: 2, booked: '2026-01-04', name: 'Cy' },
];
const where = (record: JsonObject) => record.booked !== undefined;

async function client(all: object = {}, entity: Partial<EntityInput<typeof row, JsonObject>> = {}) {
  await source?.close();
  source = await startSource((_, response, url) => {
    const no = /^\/one\/(\d+)$/.exec(url.pathname)?.[1];
    if (no !== undefined) return json(response, records.filter((record) => record.no === Number(no)).at(-1) ?? {}, 200);
    const size = Number(url.searchParams.get('size') ?? 100);
    const from = Number(url.searchParams.get('offset') ?? 0);
    json(response, { data: records.slice(from, from + size), total: records.length });
  });
  return testClient(source.baseUrl, {
    ...{ key: 'no', where },
    listings: {
      all: { path: '/all', records: 'data', total: 'total', paging: { scheme: 'none' }, ...all },
      one: { path: '/one/{id}' },
    },
    ...entity,
  });
}

test('records of another kind are passed over before their key is read: no row, no entry, not listed; the total counts them', async () => {
  const { pages } = await readAll(await client());
  const [page] = pages;
  const answers = [];
  for await (const part of page?.answers() ?? []) answers.push(part);
  expect(answers.flatMap(({ live }) => idsOf(live))).toEqual(['1', '2']);
  expect(answers.flatMap(({ setAside }) => setAside)).toEqual([]);
  expect((await page?.listed())?.map(({ id }) => id)).toEqual(['1', '2']);
});

test('by id, one of another kind says that the record is gone', async () => {
  const { client: asked, entity } = await client();
  expect(await asked.ask(entity, '2', { signal })).toMatchObject({ kind: 'live' });
  expect(await asked.ask(entity, '1', { signal })).toMatchObject({
    kind: 'gone',
    detail: expect.stringContaining("does not satisfy the entity's where"),
  });
});

test('a list in which both kinds have one key is not taken for one that moves', async () => {
  const paging = { scheme: 'offset', sizeParam: 'size', pageSize: 2 } as const;
  const { records: read } = await readAll(await client({ paging }));
  expect(read).toEqual(records);
});

test('a where that fails sets the record aside, with the id that it has; by id it proves nothing', async () => {
  const failing = await client(
    {},
    {
      where: (record: JsonObject) => {
        if (record.no === 1) throw new Error('no idea');
        return where(record);
      },
    },
  );
  const [page] = (await readAll(failing)).pages;
  for await (const { live, setAside } of page?.answers() ?? []) {
    expect(idsOf(live)).toEqual(['2']);
    expect(setAside).toMatchObject([
      { id: '1', reason: 'invalid', detail: 'where failed: no idea' },
      { id: '1', reason: 'invalid' },
    ]);
  }
  expect((await page?.listed())?.map(({ id }) => id)).toEqual(['1', '1', '2']);
  expect(await failing.client.ask(failing.entity, '1', { signal })).toMatchObject({ kind: 'unclear' });
});

test('probe says how many belong, and contradicts a where that passes everything over', async () => {
  const found = async (entity: Partial<EntityInput<typeof row, JsonObject>>) => {
    const { client: probed, entity: known } = await client({}, entity);
    const { findings } = await probed.probe(known, { partition: '', deleted: [], signal });
    return findings.filter(({ about }) => about === 'where' || about === 'ids');
  };
  expect(await found({})).toMatchObject([
    { about: 'where', verdict: 'agrees', finding: '2 of 4 records belong to the entity by its where' },
    { about: 'ids', verdict: 'agrees' },
  ]);
  expect((await found({ where: () => false }))[0]).toMatchObject({ about: 'where', verdict: 'contradicts' });
});
