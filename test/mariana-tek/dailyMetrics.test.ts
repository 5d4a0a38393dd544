import { workflowNames } from '../../schema/workflows';
import { startStudio } from './studio';

jest.setTimeout(120_000);

test('daily metrics are the figures of the rows, and a changed booking has its own day computed again, and no other', async () => {
  const { engine, control } = await startStudio({ customers: 30, bookings: 300 });
  const { db } = engine;
  const sweep = async () => (await engine.start(workflowNames.sweep, {})).result();
  for (const entity of ['bookings', 'orders']) expect((await engine.delta(entity)).outcome).toBe('succeeded');
  await sweep();
  const metrics = async () =>
    (
      await db.raw(`select day::text, bookings::int, cancelled::int, deferred_revenue::text, orders::int, sales::text
        from mariana_tek_daily_metrics order by day`)
    ).rows;
  const ofRows = async () =>
    (
      await db.raw(`select day::text,
          count(id) filter (where status !~ 'cancel|removed')::int as bookings,
          count(id) filter (where status ~ 'cancel')::int as cancelled,
          coalesce(sum(deferred), 0)::text as deferred_revenue,
          count(order_id)::int as orders, coalesce(sum(price), 0)::text as sales
        from (
          select class_date as day, external_id as id, status, deferred_revenue as deferred, null as order_id, null::numeric as price
          from mariana_tek_bookings where deleted_at is null
          union all
          select (placed_at at time zone 'UTC')::date, null, null, null, external_id, sale_price
          from mariana_tek_orders where deleted_at is null
        ) as rows group by day order by day`)
    ).rows;
  expect((await ofRows()).length).toBeGreaterThan(50);
  expect(await metrics()).toEqual(await ofRows());

  const [booking] = (
    await db.raw(`select external_id as id, class_date::text as day from mariana_tek_bookings
      where class_date > current_date - 5 and status !~ 'cancel' order by external_id limit 1`)
  ).rows;
  control.change('harbour', 'reservations', booking.id, { attributes: { status: 'penalty cancel' } });
  await engine.delta('bookings');
  const { rows: marked } = await db.raw('select distinct day::text from tidemark.rollup_marks order by 1');
  expect(marked).toEqual([{ day: booking.day }]);
  await sweep();
  expect(await metrics()).toEqual(await ofRows());
});
