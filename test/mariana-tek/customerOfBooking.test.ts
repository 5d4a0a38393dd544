import { workflowNames } from '../../schema/workflows';
import { startStudio } from './studio';

jest.setTimeout(120_000);

test('a booking has its customer by id, and a guest by the e-mail address, whichever arrives first', async () => {
  const { engine, control } = await startStudio({ customers: 30, bookings: 300 });
  const { db } = engine;
  const sweep = async () => (await engine.start(workflowNames.sweep, {})).result();
  const counts = async () =>
    (
      await db.raw(`select count(*)::int as all, count(customer)::int as found,
          count(*) filter (where customer_id is null)::int as guests,
          count(*) filter (where customer = customer_id)::int as by_id
        from mariana_tek_bookings`)
    ).rows[0];
  await engine.delta('bookings');
  await sweep();
  const before = await counts();
  expect([before.found, before.guests > 20]).toEqual([0, true]);

  await engine.delta('customers');
  await sweep();
  expect(await counts()).toEqual({ ...before, found: before.all, by_id: before.all - before.guests });
  const { rows: wrong } = await db.raw(`select b.external_id from mariana_tek_bookings b
    join mariana_tek_customers c on c.external_id = b.customer and c.connection_id = b.connection_id
    where b.customer_id is null and c.email <> b.customer_email`);
  expect(wrong).toEqual([]);

  // the customer has another address from now on: the bookings as a guest are nobody's
  const [guest] = (
    await db.raw(
      `select customer as id from mariana_tek_bookings where customer_id is null order by external_id limit 1`,
    )
  ).rows;
  control.change('harbour', 'users', guest.id, { attributes: { email: 'moved@example.com' } });
  await engine.delta('customers');
  await sweep();
  const { rows: left } = await db.raw(
    `select count(*)::int as count from mariana_tek_bookings where customer_id is null and customer = ?`,
    [guest.id],
  );
  expect(left).toEqual([{ count: 0 }]);
});
