import { cappedReport, postedReport } from '../reports/definitions';
import { reportWorld } from '../reports/world';
import { daysAgo } from './orderLines';

/** Lines of a report that is made as a job, in two shapes; its range ends today, and the engine asks for more. */
const window = { field: 'date', form: 'date', timeZone: 'UTC', from: '10d' } as const;
const covers = { field: 'day', from: '10d', timeZone: 'UTC' } as const;
const range = { from: '{since}', to: '{until}' };
const posted = postedReport({ window });
const shapes = {
  capped: { ...cappedReport({ window, range }), covers },
  posted: { ...posted, body: { reportType: 'ORDERS', ...range }, covers },
} as const;

test.each(['capped', 'posted'] as const)('%s: each delta replaces the days of the range, today too', async (shape) => {
  const { engine, source } = await reportWorld(shape, 0, { all: shapes[shape], replaced: true });
  const names = async () => [...(await engine.rows('shop_orders')).values()].map(({ name }) => name).sort();
  for (const days of [0, 1, 5, 9, 20])
    for (const no of [1, 2, 3]) source.rows.push({ id: '', name: `${days}-${no}`, date: daysAgo(days) });
  // two lines that only their place tells apart
  source.rows.push({ id: '', name: '1-1', date: daysAgo(1) });
  expect((await engine.delta('orders')).counts).toMatchObject({ inserted: 13, errors: 0 });
  const kept = source.rows.filter(({ name }) => name !== '0-2' && name !== '5-3');
  source.rows.splice(0, source.rows.length, ...kept.reverse());
  source.rows.push({ id: '', name: '0-4', date: daysAgo(0) });
  await engine.db.raw(
    `update shop_orders set _received_at = _received_at - interval '1 minute', _sent_at = _sent_at - interval '1 minute'`,
  );
  expect((await engine.delta('orders')).counts).toMatchObject({ inserted: 1, updated: 0, deleted: 2, errors: 0 });
  const held = source.rows.filter(({ date }) => date > daysAgo(10)).map(({ name }) => name);
  expect(await names()).toEqual(held.sort());
  expect(await engine.reconcile('orders')).toMatchObject({ outcome: 'succeeded', deleted: 0 });
  expect(await names()).toEqual(held);
});
