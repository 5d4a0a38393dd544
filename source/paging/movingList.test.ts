import fc from 'fast-check';
import type { ResumePoint } from '../../schema/definition/listings/listing';
import type { PagingInput } from '../../schema/definition/listings/paging';
import { search, searchTimeout } from '../../test/support/search';
import { json, readAll, startSource, type TestSource, testClient } from '../../test/support/sources/httpSource';

interface Item {
  readonly id: number;
  readonly updated_at: string;
}

type Order = 'id' | '-id' | 'updated' | '-updated';
const at = (second: number) => new Date(Date.parse('2026-11-21T00:00:00Z') + second * 1_000).toISOString();

/** A list that is served by position and changed between requests. */
class MovingList {
  readonly order: Order;
  items: Item[];
  /** records that were neither changed nor removed since the start */
  readonly untouched: Set<number>;
  private now = 1_000;

  constructor(order: Order, size: number) {
    this.order = order;
    this.items = Array.from({ length: size }, (_, i) => ({ id: 100 + i, updated_at: at((i * 7) % 500) }));
    this.untouched = new Set(this.items.map(({ id }) => id));
    this.sort();
  }

  mutate(op: Mutation): void {
    this.now += 1;
    const updated_at = at(this.now);
    if (op.do === 'insert') {
      // some sources give new ids at the front, some at the end
      const ids = this.items.map(({ id }) => id);
      const id = op.place % 2 === 0 ? Math.min(100, ...ids) - 1 : Math.max(100, ...ids) + 1;
      this.items.push({ id, updated_at });
    } else if (this.items.length > 0) {
      const [item] = this.items.splice(op.place % this.items.length, 1);
      if (item) this.untouched.delete(item.id);
      if (item && op.do === 'update') this.items.push({ id: item.id, updated_at });
    }
    this.sort();
  }

  private sort(): void {
    const sign = this.order.startsWith('-') ? -1 : 1;
    const byUpdate = this.order.endsWith('updated');
    this.items.sort((a, b) => sign * ((byUpdate ? a.updated_at.localeCompare(b.updated_at) : 0) || a.id - b.id));
  }
}

interface Mutation {
  readonly do: 'insert' | 'delete' | 'update';
  readonly place: number;
}

let source: TestSource;
let list: MovingList;
let script: readonly (readonly Mutation[])[];
let served = 0;
/** the source answers at most so many at once, whatever it is asked for */
let cap = Number.POSITIVE_INFINITY;

beforeAll(async () => {
  source = await startSource((_, response, url) => {
    const size = Math.min(Number(url.searchParams.get('size')), cap);
    const start = url.searchParams.has('page')
      ? (Number(url.searchParams.get('page')) - 1) * size
      : Number(url.searchParams.get('offset'));
    const data = list.items.slice(start, start + size);
    const total = list.items.length;
    json(response, { data, total, more: start + data.length < total || null });
    for (const op of script[served] ?? []) list.mutate(op);
    served += 1;
  });
});
afterAll(() => source.close());

const mutation = fc.record({
  do: fc.constantFrom<Mutation['do'][]>('insert', 'delete', 'update'),
  place: fc.nat({ max: 60 }),
});

/** with a page size, and a size that the source silently caps it to */
const schemes: [string, PagingInput, number][] = [
  ['offset', { scheme: 'offset', param: 'offset', sizeParam: 'size', pageSize: 7 }, 4],
  [
    'offset with a longer overlap',
    { scheme: 'offset', param: 'offset', sizeParam: 'size', pageSize: 7, overlap: 3 },
    5,
  ],
  ['page', { scheme: 'page', param: 'page', sizeParam: 'size', pageSize: 9 }, 7],
];
const ends: [string, object][] = [
  ['a total', { total: 'total' }],
  ['a promise', { paging: { more: 'more' } }],
  ['nothing but the pages', {}],
];

async function read(
  paging: PagingInput,
  end: { total?: string; paging?: { more?: string } },
  resumePoint: ResumePoint | null = null,
) {
  const all = { path: '/people', records: 'data', ...end, paging: { ...paging, ...end.paging } as PagingInput };
  return readAll(testClient(source.baseUrl, { listings: { all } }), 'all', { resumePoint });
}

/** Reads while the list moves. Either everything untouched comes exactly once, or the run fails and says so. */
async function history(paging: PagingInput, end: object, order: Order, size: number, ops: Mutation[][], limit: number) {
  list = new MovingList(order, size);
  script = ops;
  served = 0;
  cap = limit;
  let records: { id: string | number }[];
  try {
    ({ records } = await read(paging, end));
  } catch (error) {
    expect(error).toMatchObject({
      type: 'ContractBroken',
      message: expect.stringMatching(/moves faster|contradicts itself|nothing new/),
    });
    return 'failed';
  }
  const came = new Map<unknown, number>();
  for (const { id } of records) came.set(id, (came.get(id) ?? 0) + 1);
  const missed = [...list.untouched].filter((id) => !came.has(id));
  const doubled = [...list.untouched].filter((id) => (came.get(id) ?? 0) > 1);
  expect({ missed, doubled }).toEqual({ missed: [], doubled: [] });
  return 'read';
}

describe.each(schemes)('%s', (_, paging, capped) => {
  test.each(ends)(
    'nothing slips over a seam, with %s',
    async (_end, end) => {
      const outcomes = { read: 0, failed: 0 };
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom<Order[]>('id', '-id', 'updated', '-updated'),
          fc.nat({ max: 40 }),
          fc.array(fc.array(mutation, { maxLength: 3 }), { maxLength: 12 }),
          fc.constantFrom(Number.POSITIVE_INFINITY, capped),
          async (order, size, ops, limit) => {
            outcomes[await history(paging, end, order, size, ops, limit)] += 1;
          },
        ),
        search(30),
      );
      // giving up must stay the exception
      expect(outcomes.read).toBeGreaterThan(outcomes.failed * 5);
    },
    searchTimeout(60_000),
  );

  test.each(ends)('a list at rest is read whole, capped or not, with %s', async (_end, end) => {
    for (const size of [0, 1, 3, 4, 5, 7, 8, 13, 35]) {
      for (const limit of [Number.POSITIVE_INFINITY, 4]) {
        await expect(history(paging, end, 'id', size, [], limit)).resolves.toBe('read');
      }
    }
  });

  test.each(ends)('so is one that is resumed after any page, with %s', async (_end, end) => {
    script = [];
    for (const size of [0, 1, 3, 4, 5, 7, 8, 13]) {
      for (const limit of [Number.POSITIVE_INFINITY, 4]) {
        list = new MovingList('id', size);
        cap = limit;
        const whole = await read(paging, end);
        let came: unknown[] = [];
        for (const page of whole.pages) {
          came = [...came, ...page.records];
          if (page.resumePoint === null) continue;
          const rest = await read(paging, end, page.resumePoint);
          expect([...came, ...rest.records]).toEqual(whole.records);
        }
        expect(came).toHaveLength(size);
      }
    }
  });
});

test('a list of which everything is changed under the reader cannot be read', async () => {
  const all: Mutation[] = Array.from({ length: 40 }, (_, place) => ({ do: 'delete', place: place % 2 ? 0 : 1 }));
  const refill: Mutation[] = Array.from({ length: 40 }, () => ({ do: 'insert', place: 1 }));
  const ops = Array.from({ length: 30 }, () => [...all, ...refill]);
  await expect(
    history({ scheme: 'offset', sizeParam: 'size', pageSize: 7 }, { total: 'total' }, 'id', 40, ops, 99),
  ).resolves.toBe('failed');
  await expect(
    history({ scheme: 'page', sizeParam: 'size', pageSize: 5 }, { total: 'total' }, 'id', 40, ops, 99),
  ).resolves.toBe('failed');
});
