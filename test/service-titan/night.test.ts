import { businessHoursSpec, offsetOf } from '../../clients/schedules/spec';
import { firstCustomerId } from '../../connectors/service-titan/simulator';
import { testTemporal } from '../environment';
import { firingTimes } from '../support/firingTimes';
import { startWorkspace, tenant } from './workspace';

/** Deltas rest at night; the first one in the morning brings what the night has changed. */

jest.setTimeout(120_000);
const zone = 'America/New_York';
const quarter = 15 * 60_000;
const hour = 3_600_000;
const hours = { from: '06:00', to: '20:00', days: [0, 1, 2, 3, 4, 5, 6] };
const demo = 'demo';

/** The last delta of an evening and the first one of the next morning, by the schedule that Temporal has. */
async function nightAfter(evening: string): Promise<{ readonly from: number; readonly to: number }> {
  const { client } = await testTemporal();
  const noon = Date.parse(`${evening}T17:00:00Z`);
  const next = new Date(noon + 24 * hour);
  const spec = businessHoursSpec(quarter, hours, zone, demo);
  const times = await firingTimes(client, spec, new Date(noon).toISOString(), next.toISOString());
  const instants = times.map((time) => Date.parse(time));
  const gaps = instants.slice(1).map((at, n) => ({ from: instants[n] ?? at, to: at }));
  const long = gaps.filter(({ from, to }) => to - from > quarter);
  expect(long).toHaveLength(1);
  return long[0] ?? { from: 0, to: 0 };
}

const local = (at: number) =>
  new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeStyle: 'medium' }).format(new Date(at));

test.each([
  ['clocks are put forward', '2027-03-13', 9],
  ['clocks are put back', '2027-11-06', 11],
  ['clocks are left alone', '2027-06-05', 10],
])(
  'in the night in which %s, nothing runs; one delta in the morning brings all of it',
  async (_which, evening, rest) => {
    const { from, to } = await nightAfter(evening);
    const offset = offsetOf(demo, quarter / 1000) * 1000;
    // the last quarter of an hour of business hours is not part of the night
    expect(to - from).toBe(rest * hour + quarter);
    expect([local(from - offset), local(to - offset)]).toEqual(['19:45:00', '06:00:00']);

    const { engine, control } = await startWorkspace({ customers: 60 });
    expect((await engine.delta('customers')).outcome).toBe('succeeded');
    // as if the last delta had been so long ago
    const last = Date.now() - (to - from);
    const cursors = () => engine.db('tidemark.cursors').where({ entity: 'customers' });
    await cursors().update({ at: new Date(last) });
    const step = (to - from) / 12;
    const changed = Array.from({ length: 12 }, (_, n) => ({ id: String(firstCustomerId + n), at: last + n * step }));
    for (const { id, at } of changed)
      control.bulk([
        {
          do: 'changeCustomer',
          tenant,
          id,
          fields: { name: 'Changed At-Night', type: 'Residential' },
          modifiedOn: new Date(at).toISOString(),
        },
      ]);
    control.clearLog();
    const { outcome, counts } = await engine.delta('customers');
    expect([outcome, counts.inserted, counts.updated]).toEqual(['succeeded', 0, 12]);
    expect(control.logSummary().byPath).toEqual({ '/customers': 1, '/customers/contacts': 2 });
    const rows = await engine.rows('service_titan_customers');
    expect(changed.map(({ id }) => rows.get(id)?.lastname)).toEqual(changed.map(() => 'At-Night'));
    expect((await engine.delta('customers')).counts.updated).toBe(0);
  },
);
