import type { Simulator } from '../connectors/planning-center/simulator';
import { type Engine, startChurch } from './engine';

const table = 'planning_center_people';
let engine: Engine;
let control: Simulator['control'];

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: 250 }));
});

/** Every live record of the source has exactly one live row with the same name, and no other row is live. */
async function expectEqual(): Promise<void> {
  const rows = await engine.rows(table);
  const records = [...control.all('people')];
  expect(rows.size).toBe(records.length);
  for (const record of records) expect(rows.get(record.id)?.last_name).toBe(record.attributes.last_name);
}

test('the first sync writes every record once and sets the cursor before its first request', async () => {
  const before = Date.now();
  const result = await engine.delta('people');
  expect(result).toMatchObject({ outcome: 'succeeded', counts: { inserted: 250, updated: 0, errors: 0 } });
  expect(Date.parse(result.cursor ?? '')).toBeLessThanOrEqual(before - 59_000);
  await expectEqual();
});
