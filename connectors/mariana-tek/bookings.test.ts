import { quickReports, startStudio } from '../../test/mariana-tek/studio';
import { marianaTek } from './connector';

/** What is in a row of the report, and what becomes of reports that are not as they should be. */

jest.setTimeout(120_000);

const yesterday = () => new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);

test.each(['harbour', 'summit'] as const)(
  'the columns of a booking of %s, whatever the headers are called',
  async (brand) => {
    const { engine, control } = await startStudio({ brand, customers: 20, bookings: 30 });
    const user = control.create(brand, 'users', {
      attributes: { email: 'ada@example.com', first_name: 'Ada', last_name: 'Adler' },
    });
    const session = control.create(brand, 'class_sessions', {
      attributes: {
        start_date: yesterday(),
        start_time: '09:30:00',
        class_type_display: 'Private Ride',
        location_display: 'Harbour',
        instructor_names: ['Ben Brook', 'Ines Ito'],
        is_free_class: false,
      },
    });
    const own = { reservation_type: 'standard', status: 'check in', payment: 'package', deferred_revenue: '18.50' };
    const inClass = { class_session: { type: 'class_sessions', id: session } } as const;
    const ofUser = control.create(brand, 'reservations', {
      attributes: own,
      relationships: { ...inClass, user: { type: 'users', id: user } },
    });
    const ofGuest = control.create(brand, 'reservations', {
      attributes: {
        ...own,
        payment: 'none',
        deferred_revenue: null,
        guest_name: 'Guest',
        guest_email: 'guest@example.com',
      },
      relationships: inClass,
    });
    await engine.delta('bookings');
    const rows = await engine.rows('mariana_tek_bookings');
    expect(rows.get(ofUser)).toMatchObject({
      customer_id: user,
      customer_email: 'ada@example.com',
      customer_name: 'Ada Adler',
      class_session_id: session,
      class_name: 'Private Ride',
      class_type: 'private',
      class_time: '09:30:00',
      instructors: 'Ben Brook, Ines Ito',
      booking_source: 'package',
      status: 'check in',
      deferred_revenue: '18.50',
    });
    expect(rows.get(ofGuest)).toMatchObject({
      customer_id: null,
      customer_email: 'guest@example.com',
      guest_name: 'Guest',
      booking_source: 'guest',
      deferred_revenue: null,
    });
  },
);

test('one row that is wrong is set aside, and the others are written', async () => {
  const { engine, control } = await startStudio({ bookings: 60 });
  const [first] = control.records('harbour', 'reservations');
  const id = first?.id ?? '';
  control.change('harbour', 'reservations', id, { attributes: { status: null } });
  const { outcome, counts } = await engine.delta('bookings');
  expect([outcome, counts.inserted > 40, counts.errors]).toEqual(['succeeded', true, 1]);
  const { rows } = await engine.db.raw('select external_id, reason from tidemark.set_aside order by 1');
  expect(rows).toMatchObject([{ external_id: id }]);
});

test('a report that ignores the days fails the run, and no row is written', async () => {
  const { engine, control } = await startStudio({ bookings: 400 });
  // of the brand, everything is older than the range
  for (const { id } of control.records('harbour', 'class_sessions'))
    control.change('harbour', 'class_sessions', id, { attributes: { start_date: '2020-01-01' } });
  control.addFault({ match: 'table_report_data', fault: { kind: 'ignoreFilter' } });
  await expect(engine.delta('bookings')).rejects.toThrow();
  const { rows } = await engine.db.raw('select error_type, error from tidemark.runs order by id');
  expect(rows).toMatchObject([
    { error_type: 'ContractBroken', error: expect.stringContaining('outside of the range') },
  ]);
  expect((await engine.rows('mariana_tek_bookings')).size).toBe(0);
});

test('a job that fails is started again; a document that lacks rows, and one that is cut, are never taken for the whole', async () => {
  const { engine, control } = await startStudio({ bookings: 1_000, connector: quickReports(marianaTek) });
  control.decideJobs('failed', 'rows-missing');
  expect((await engine.delta('bookings')).outcome).toBe('succeeded');
  expect((await engine.rows('mariana_tek_bookings')).size).toBe(control.totals('harbour').pastBookings);
  control.decideJobs('cut-short', 'error');
  expect(await engine.reconcile('bookings')).toMatchObject({ outcome: 'succeeded', deleted: 0, missing: 0 });
});
