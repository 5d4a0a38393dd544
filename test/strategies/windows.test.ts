import { z } from 'zod';
import { defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import { atEnd } from '../environment';
import { startEngine } from '../support/engine';
import { json, startSource } from '../support/sources/httpSource';

const day = 86_400_000;
const daysAgo = (days: number) => new Date(Date.now() - days * day).toISOString().slice(0, 10);

interface Booking {
  readonly no: string;
  readonly on: string;
  readonly name: string;
}

/** A report of bookings by their day, without versions, at most 10 days at once, that refuses what a test says. */
async function startReport() {
  const bookings = new Map<string, Booking>();
  const ranges: (readonly [string, string])[] = [];
  const state = { refuses: (_from: string, _to: string): boolean => false, besides: [] as Booking[] };
  for (let days = 0; days < 60; days += 1) book(`b${days}`, days);
  function book(no: string, days: number, name = `Guest ${no}`) {
    bookings.set(no, { no, on: daysAgo(days), name });
  }
  const source = await startSource((_request, response, url) => {
    const [from, to] = ['from', 'to'].map((name) => url.searchParams.get(name));
    const all = [...bookings.values()];
    if (!from || !to) return json(response, { data: all });
    if (Date.parse(to) - Date.parse(from) > 10 * day) return json(response, { error: 'at most 10 days' }, 422);
    if (state.refuses(from, to)) return json(response, { error: 'later' }, 400);
    ranges.push([from, to]);
    json(response, { data: [...all.filter(({ on }) => on >= from && on <= to), ...state.besides] });
  });
  atEnd(() => source.close());
  const list = { path: '/bookings', records: 'data', paging: { scheme: 'none' } } as const;
  const connector = defineConnector({
    name: 'hotel',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [
      defineEntity({
        name: 'bookings',
        row: z.object({ on: z.iso.date(), name: z.string() }),
        key: 'no',
        map: (record) => ({ on: String(record.on), name: String(record.name) }),
        supportsWebhooks: false,
        readLag: '1s',
        listings: {
          all: list,
          changes: {
            ...list,
            query: { from: '{since}', to: '{until}' },
            since: {
              ...{ field: 'on', form: 'date', timeZone: 'connection', boundary: 'inclusive' },
              window: { back: '7d', atMost: '10d' },
            },
          },
        },
      }),
    ],
  });
  const engine = await startEngine({ connector, settings: { baseUrl: source.baseUrl } });
  await engine.delta('bookings');
  const cursorAt = async () => (await engine.db.raw('select at from tidemark.cursors')).rows[0]?.at as Date;
  /** As if nothing had been synced for so long. */
  const outage = async (days: number) => {
    await engine.db.raw(`update tidemark.cursors set at = at - ? * interval '1 day'`, [days]);
    await engine.db.raw(
      `update hotel_bookings set _sent_at = _sent_at - interval '1 minute', _received_at = _received_at - interval '1 minute', _watermark_at = _watermark_at - interval '1 minute'`,
    );
  };
  const names = async () => new Map([...(await engine.rows('hotel_bookings'))].map(([id, row]) => [id, row.name]));
  return { engine, bookings, book, ranges, state, outage, names, cursorAt };
}

test('after an outage nothing is lost that was edited while its day was less than `back` ago', async () => {
  const { engine, book, ranges, outage, names, cursorAt } = await startReport();
  await outage(20);
  const before = await cursorAt();
  for (const days of [0, 6, 9, 15, 19, 21, 26, 40]) book(`b${days}`, days, 'edited');
  book('new', 24);
  const { counts } = await engine.delta('bookings');
  expect(counts).toMatchObject({ inserted: 1, updated: 7, disputed: 0, outside: 0 });
  const found = await names();
  expect([0, 6, 9, 15, 19, 21, 26].map((days) => found.get(`b${days}`))).toEqual(Array(7).fill('edited'));
  // what was edited longer after its day than the definition says is left to the reconciliation
  expect(found.get('b40')).toBe('Guest b40');
  expect(ranges[0]?.[0]).toBe(daysAgo(27));
  expect(ranges.length).toBeGreaterThan(2);
  expect((await cursorAt()).getTime()).toBeGreaterThan(before.getTime() + 19 * day);
  await engine.reconcile('bookings');
  expect((await names()).get('b40')).toBe('edited');
});

test('each part is committed by itself; where a later one is refused, the cursor stays and nothing counts as synced', async () => {
  const { engine, book, ranges, state, outage, names, cursorAt } = await startReport();
  await outage(20);
  const before = await cursorAt();
  book('b25', 25, 'edited');
  book('b1', 1, 'edited');
  state.refuses = (_from, to) => to > daysAgo(2);
  await expect(engine.delta('bookings')).rejects.toThrow('Workflow execution failed');
  const first = ranges.length;
  expect(first).toBeGreaterThan(1);
  const committed = await names();
  expect([committed.get('b25'), committed.get('b1')]).toEqual(['edited', 'Guest b1']);
  expect(await cursorAt()).toEqual(before);
  state.refuses = () => false;
  const { counts, outcome } = await engine.delta('bookings');
  expect([outcome, counts.updated]).toEqual(['succeeded', 1]);
  expect((await names()).get('b1')).toBe('edited');
});

test('a few records outside of the window are written and counted; where they are most, nothing is', async () => {
  const { engine, book, state, names, cursorAt } = await startReport();
  state.besides = [{ no: 'far', on: daysAgo(400), name: 'far away' }];
  const { counts } = await engine.delta('bookings');
  expect(counts).toMatchObject({ inserted: 1, outside: 1 });
  expect((await names()).get('far')).toBe('far away');
  const { rows } = await engine.db.raw(`select counts from tidemark.runs order by id desc limit 1`);
  expect(rows[0].counts).toMatchObject({ outside: 1 });

  const before = await cursorAt();
  state.besides = Array.from({ length: 30 }, (_, index) => ({ no: `far${index}`, on: daysAgo(400), name: 'x' }));
  book('b1', 1, 'edited');
  await expect(engine.delta('bookings')).rejects.toThrow('Workflow execution failed');
  expect((await names()).has('far0')).toBe(false);
  expect(await cursorAt()).toEqual(before);
});
