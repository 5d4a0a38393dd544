import { type Studio, startStudio } from '../../test/mariana-tek/studio';

jest.setTimeout(120_000);

/** Days before today, as the source writes them. */
const ago = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
const paths = ({ control }: Studio) => control.logSummary().byPath;

/** The bookings of a brand whose class was between two days, both included. */
function bookingsBetween({ control }: Studio, brand: string, from: string, to: string): string[] {
  const dayOf = ({ relationships }: { relationships: Readonly<Record<string, { id: string }>> }) =>
    String(control.record(brand, 'class_sessions', relationships.class_session?.id ?? '').attributes.start_date);
  return control
    .records(brand, 'reservations')
    .filter((one) => dayOf(one) >= from && dayOf(one) <= to)
    .map(({ id }) => id);
}

describe.each(['harbour', 'summit'] as const)('the brand %s', (brand) => {
  let studio: Studio;
  beforeAll(async () => {
    studio = await startStudio({ brand, bookings: 1_300, customers: 120 });
  });
  beforeEach(() => studio.control.clearLog());

  test.each([
    ['customers', 'users'],
    ['class_sessions', 'class_sessions'],
    ['orders', 'orders'],
    ['memberships', 'membership_instances'],
  ] as const)('%s are the records of its list', async (entity, kind) => {
    expect((await studio.engine.delta(entity)).outcome).toBe('succeeded');
    const rows = await studio.engine.rows(`mariana_tek_${entity}`);
    expect([...rows.keys()].sort()).toEqual(
      studio.control
        .records(brand, kind)
        .map(({ id }) => id)
        .sort(),
    );
  });

  test('the first sync of bookings is too large for an answer at once: it is a job, and its document is from the storage host', async () => {
    const { outcome, counts } = await studio.engine.delta('bookings');
    const past = bookingsBetween(studio, brand, ago(90), ago(1));
    expect(past.length).toBeGreaterThan(500);
    expect([outcome, counts.inserted, counts.errors]).toEqual(['succeeded', past.length, 0]);
    expect([...(await studio.engine.rows('mariana_tek_bookings')).keys()].sort()).toEqual(past.sort());
    expect(paths(studio)).toMatchObject({
      '/api/table_reports': 1,
      '/api/table_report_data': 1,
      '/api/async_table_report_data': 1,
      '/exports/{id}.json': 1,
    });
  });

  test('a delta of bookings reads those of the last week at once', async () => {
    const week = bookingsBetween(studio, brand, ago(7), ago(1));
    const [changed = ''] = week;
    const [tooOld = ''] = bookingsBetween(studio, brand, ago(30), ago(20));
    for (const id of [changed, tooOld]) {
      studio.control.change(brand, 'reservations', id, { attributes: { status: 'standard cancel late' } });
    }
    const { counts } = await studio.engine.delta('bookings');
    expect([counts.inserted, counts.updated]).toEqual([0, 1]);
    const rows = await studio.engine.rows('mariana_tek_bookings');
    expect(rows.get(changed)?.status).toBe('standard cancel late');
    expect(paths(studio)['/api/async_table_report_data']).toBeUndefined();
    // the older one differs until the reconciliation
    expect(rows.get(tooOld)?.status).not.toBe('standard cancel late');
    expect((await studio.engine.reconcile('bookings')).outcome).toBe('succeeded');
    expect((await studio.engine.rows('mariana_tek_bookings')).get(tooOld)?.status).toBe('standard cancel late');
  });

  test('a booking that is gone from the report is soft-deleted, and those of the present day stay out', async () => {
    const [gone = ''] = bookingsBetween(studio, brand, ago(10), ago(5));
    studio.control.remove(brand, 'reservations', gone);
    expect((await studio.engine.reconcile('bookings')).deleted).toBe(1);
    const ids = [...(await studio.engine.rows('mariana_tek_bookings')).keys()];
    expect(ids).not.toContain(gone);
    expect(ids.sort()).toEqual(bookingsBetween(studio, brand, ago(90), ago(1)).sort());
  });
});
