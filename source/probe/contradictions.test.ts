import type { ProbeFinding } from '../../schema/definition/checks';
import type { EntityInput } from '../../schema/definition/entity';
import type { Since } from '../../schema/definition/listings/since';
import type { JsonObject } from '../../schema/json/json';
import { json, type row, startSource, type TestSource, testClient } from '../../test/support/sources/httpSource';

/** What probe contradicts, each with a source that shows it and one that refutes it. */
let source: TestSource | undefined;
afterEach(() => source?.close());

type Item = { readonly id: string; readonly updated_at: string | null } & JsonObject;

const at = (seconds: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + seconds * 1000).toISOString();
const items: readonly Item[] = Array.from({ length: 12 }, (_, n) => ({
  id: `i${100 + n}`,
  name: `Item ${n}`,
  created_at: at(n),
  updated_at: at(n),
}));

interface World {
  readonly items?: readonly Item[];
  /** the field that the source filters by */
  readonly filteredBy?: string;
  /** where a page says what follows */
  readonly next?: string;
  /** what `changes` shows besides */
  readonly also?: readonly JsonObject[];
  /** how the source reads the filter's value, in milliseconds since 1970 */
  readonly reads?: (text: string) => number;
  readonly tomorrow?: 'refused';
}

const page = { path: '/people', records: 'data', total: 'total' } as const;
const byOffset = { scheme: 'offset', sizeParam: 'size', pageSize: 50 } as const;
const iso: Since = { param: 'since', form: 'iso-milliseconds', boundary: 'inclusive' };

async function probed(world: World, since: Since = iso, changes: Partial<EntityInput<typeof row, JsonObject>> = {}) {
  const { filteredBy = 'updated_at', next = 'next', also = [], reads = Date.parse } = world;
  const known = world.items ?? items;
  source = await startSource((_request, response, url) => {
    const id = /^\/people\/(.+)$/.exec(url.pathname)?.[1];
    if (id !== undefined) {
      const found = known.find((item) => item.id === id);
      return found ? json(response, found) : json(response, {}, 404);
    }
    const asked = url.searchParams.get('since');
    const from = asked === null ? undefined : reads(asked);
    if (from !== undefined && Number.isNaN(from)) return json(response, { message: 'no date' }, 400);
    if (world.tomorrow === 'refused' && from !== undefined && from > Date.now()) return json(response, {}, 400);
    const list =
      from === undefined ? known : known.filter((item) => Date.parse(String(item[filteredBy] ?? '')) >= from);
    const start = Number(url.searchParams.get('after') ?? url.searchParams.get('offset') ?? 0);
    const end = start + Number(url.searchParams.get('size') ?? 50);
    const data = [...list.slice(start, end), ...(from !== undefined && from <= Date.now() ? also : [])];
    json(response, { data, total: list.length, ...(end < list.length && { [next]: String(end) }) });
  });
  const { client, entity } = testClient(source.baseUrl, {
    listings: {
      all: { ...page, paging: byOffset },
      changes: { ...page, paging: byOffset, since },
      one: { path: '/people/{id}' },
    },
    ...changes,
  });
  const { signal } = new AbortController();
  return (await client.probe(entity, { partition: '', deleted: [], signal })).findings;
}

const bad = (findings: readonly ProbeFinding[]) => findings.filter(({ verdict }) => verdict === 'contradicts');

describe('a next page that no page ever names', () => {
  const withToken = (next: string): Partial<EntityInput<typeof row, JsonObject>> => ({
    listings: {
      all: {
        path: '/people',
        records: 'data',
        paging: { scheme: 'token', param: 'after', next, sizeParam: 'size', pageSize: 50 },
      },
    },
  });

  test('contradicts: half the list does not name one either', async () => {
    const [found, ...others] = bad(await probed({}, iso, withToken('links.nxt')));
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      about: 'end',
      finding: expect.stringMatching(/^12 came, then 6 when 6 were asked for, and neither page says/),
    });
  });

  test('is refuted where half the list names one', async () => {
    const findings = await probed({}, iso, withToken('next'));
    expect(bad(findings)).toEqual([]);
    expect(findings).toContainEqual(
      expect.objectContaining({ about: 'end', verdict: 'agrees', finding: expect.stringContaining('asked for 6') }),
    );
  });
});

describe('a feed that names a token with its last page too', () => {
  const feed = async (paging: object) => {
    source = await startSource((_request, response, url) => {
      const from = Number(url.searchParams.get('from') ?? 0);
      const end = from + Number(url.searchParams.get('size') ?? 50);
      json(response, { data: items.slice(from, end), continueFrom: String(end), hasMore: end < items.length });
    });
    const token = { scheme: 'token', param: 'from', next: 'continueFrom', sizeParam: 'size', pageSize: 50, ...paging };
    const { client, entity } = testClient(source.baseUrl, {
      listings: { all: { path: '/people', records: 'data', paging: token as never } },
    });
    const { findings } = await client.probe(entity, {
      partition: '',
      deleted: [],
      signal: new AbortController().signal,
    });
    return findings.filter(({ about }) => about === 'end');
  };

  test('contradicts a definition that looks only at the token, and names the flag', async () => {
    expect(await feed({})).toMatchObject([
      {
        verdict: 'contradicts',
        finding: expect.stringContaining("'hasMore' is false"),
        line: expect.stringContaining("more: 'hasMore'"),
      },
    ]);
  });

  test('agrees with a definition that knows the flag, and contradicts one that looks for it elsewhere', async () => {
    expect(await feed({ more: 'hasMore' })).toMatchObject([{ verdict: 'agrees' }]);
    expect(await feed({ more: 'more' })).toMatchObject([
      { verdict: 'contradicts', finding: expect.stringContaining("nothing at 'more'") },
    ]);
  });
});

describe('a cursor field that is null until the first update', () => {
  const fresh = items.map((item, n) => ({ ...item, updated_at: n === 0 ? at(1000) : null }));
  const fallsBack: Partial<EntityInput<typeof row, JsonObject>> = {
    deltaSyncField: {
      name: 'updated_at',
      kind: 'instant',
      from: (record: JsonObject) => (record.updated_at ?? record.created_at) as string,
    },
  };

  test('contradicts where the source filters by it: new records are never among the changes', async () => {
    expect(bad(await probed({ items: fresh }, iso, fallsBack))).toContainEqual(
      expect.objectContaining({
        about: 'filter',
        finding: expect.stringMatching(/was never updated: its 'updated_at' is null, .* never see new records/),
      }),
    );
  });

  test('is refuted where new records come too', async () => {
    const findings = await probed({ items: fresh, filteredBy: 'created_at' }, iso, fallsBack);
    expect(findings).toContainEqual(
      expect.objectContaining({ finding: "a record whose 'updated_at' is null comes with the changes" }),
    );
    expect(bad(findings).filter(({ finding }) => finding.includes('never updated'))).toEqual([]);
  });
});

describe('a filter by another clock than the version', () => {
  /** The system touched each record half a year after the last edit. */
  const touched = items.map((item, n) => ({ ...item, touched_at: at(15_000_000 + n) }));

  test('is one that filters, since nothing comes from after tomorrow', async () => {
    const findings = await probed({ items: touched, filteredBy: 'touched_at' });
    expect(bad(findings).filter(({ about }) => about === 'filter')).toEqual([]);
    expect(findings).toContainEqual(expect.objectContaining({ about: 'filter', verdict: 'agrees' }));
  });

  test('is refuted where everything comes, whatever the value', async () => {
    expect(bad(await probed({ reads: () => 0 })).map(({ about }) => about)).toContain('filter');
  });
});

describe('tombstones among the changes', () => {
  const emptied = { id: 'i500', updated_at: at(5), deleted: true };

  test('that the definition does not know contradict', async () => {
    expect(bad(await probed({ also: [emptied] }))).toContainEqual(
      expect.objectContaining({ about: 'deleted', line: 'gone: { record: (r) => … }' }),
    );
  });

  test('that it knows agree, and without any nothing is said', async () => {
    const knows = { gone: { record: (record: JsonObject) => record.deleted === true } };
    const findings = await probed({ also: [emptied] }, iso, knows);
    expect(findings).toContainEqual(
      expect.objectContaining({ about: 'deleted', verdict: 'agrees', finding: expect.stringContaining('i500') }),
    );
    await source?.close();
    expect(bad(await probed({}))).toEqual([]);
  });
});

describe('the form of the cursor', () => {
  const epoch: Since = { ...iso, form: 'epoch-milliseconds' };
  const reads = (text: string) => (/^\d{13}$/.test(text) ? Number(text) : Number.NaN);

  test('may differ from that of the versions where the filter was seen to work', async () => {
    const findings = await probed({ reads }, epoch);
    expect(bad(findings)).toEqual([]);
    expect(findings).toContainEqual(
      expect.objectContaining({
        about: 'timestamps',
        verdict: 'agrees',
        finding: expect.stringContaining("the filter takes 'epoch-milliseconds'"),
      }),
    );
  });

  test('contradicts where the source takes another', async () => {
    expect(bad(await probed({ reads }, iso)).map(({ about }) => about)).not.toEqual([]);
  });

  test('a refused date in the future says nothing of those that have passed: the boundary is tested all the same', async () => {
    const findings = await probed({ tomorrow: 'refused' });
    expect(bad(findings)).toEqual([]);
    expect(findings).toContainEqual(expect.objectContaining({ about: 'boundary', verdict: 'agrees' }));
  });
});

describe('two partitions', () => {
  const parted = {
    partitions: ['a', 'b'],
    listings: { all: { ...page, path: '/people/of/{partition}', paging: byOffset } },
  };
  const about = async (listOf: (partition: string) => unknown[]) => {
    source = await startSource((_request, response, url) => {
      const data = listOf(url.pathname.split('/').at(-1) ?? '');
      json(response, { data, total: data.length });
    });
    const { client, entity } = testClient(source.baseUrl, parted);
    const options = { partition: 'a', other: { partition: 'b' }, deleted: [], signal: new AbortController().signal };
    const { findings } = await client.probe(entity, options);
    return findings.filter((finding) => finding.about === 'partitions').map(({ verdict }) => verdict);
  };

  test('contradict where both list the same records', async () => {
    expect(await about(() => [...items])).toEqual(['contradicts']);
    expect(await about((partition) => (partition === 'a' ? items.slice(0, 6) : items.slice(6)))).toEqual(['agrees']);
    expect(await about((partition) => (partition === 'a' ? [...items] : []))).toEqual(['unknown']);
  });
});
