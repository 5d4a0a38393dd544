import { storeEvents } from '../../destination/inbox/inbox';
import { workflowNames } from '../../schema/workflows';
import { connectionId, startChurch, startEngine } from '../support/engine';
import { aMinuteLater, failureOf, histories, type RecordedHistory, until } from './support';
import { secretValue, someThings, startThings } from './thingsSource';

/** Invariant 9: histories hold counts and references, and do not grow with the number of records or events. */
const target = { connectionId, entity: 'people' };
/** in every record and every event, and nowhere else */
const mark = 'Zebulon';
/** two deltas, two reconciliations and what one fetched, the inbox, one record */
const workflows = 7;

let few: readonly RecordedHistory[];
let many: readonly RecordedHistory[];

beforeAll(async () => {
  // a little more than one page, which a delta reads at once, and ten times as many records
  [few, many] = [await lived(110), await lived(1_100)];
}, 90_000);

/** Does to a tenth of its records whatever there is to do. */
async function lived(size: number): Promise<readonly RecordedHistory[]> {
  const { engine, control } = await startChurch({ people: size });
  const ids = [...control.all('people')].map(({ id }) => id);
  const tenth = (part: number) => ids.slice((part * size) / 10, ((part + 1) * size) / 10);
  const change = (changed: readonly string[], updatedAt?: string) =>
    control.bulk(
      changed.map((id) => ({ do: 'change', entity: 'people', id, updatedAt, attributes: { last_name: mark } })),
    );
  change(ids);
  await engine.delta('people');
  change(tenth(0));
  await engine.delta('people');
  // missed by the delta; gone
  change(tenth(1), '2021-01-01T00:00:00Z');
  for (const id of tenth(2)) control.delete('people', id);
  await aMinuteLater(engine);
  await engine.reconcile('people', true);
  expect(await engine.reconcile('people')).toMatchObject({ stale: size / 10, deleted: size / 10 });
  const events = tenth(3).map((id) => ({
    connectionId,
    eventId: `event-${id}`,
    type: 'person.updated',
    entity: 'people',
    id,
    headers: {},
    body: JSON.stringify({ last_name: mark }),
  }));
  await storeEvents(engine.db, events);
  await (await engine.start(workflowNames.syncRecords, { ...target, batch: { of: 'inbox' } })).result();
  await engine.record('people', ids[0] as string);
  let found: RecordedHistory[] = [];
  await until(async () => {
    found = await histories(engine);
    return found.length === workflows && found.every(({ steps }) => steps.at(-1)?.endsWith('COMPLETED'));
  });
  return found.sort((a, b) => (a.workflowId < b.workflowId ? -1 : 1));
}

test('ten times as many records, changes, deletes and events take the same steps', () => {
  const steps = (found: readonly RecordedHistory[]) => found.map((history) => [history.workflowId, history.steps]);
  expect(steps(many)).toEqual(steps(few));
});

test('and histories of the same size, but for the digits of counts', () => {
  for (const [index, history] of many.entries()) {
    expect(history.text.length).toBeLessThan((few[index]?.text.length ?? 0) + 100);
    expect(history.events).toBeLessThan(100);
  }
});

test('no history holds content of records or events', () => {
  for (const { workflowId, text } of [...few, ...many]) {
    expect([workflowId, text.includes(mark)]).toEqual([workflowId, false]);
    expect(text).toContain(connectionId);
  }
});

test('nor does one of a run that failed over an answer that was no list', async () => {
  const things = await startThings(someThings(10));
  const { connector, source } = things;
  const secrets = { token: secretValue };
  const engine = await startEngine({ connector, settings: { baseUrl: source.baseUrl }, secrets });
  const record = { id: 't1', updated_at: '2026-01-01T00:00:00Z', name: mark };
  const bodies = [
    { records: [record] },
    { data: record },
    record,
    mark,
    `id,name\nt1,${mark}\n`,
    { [`${mark}@example.com`]: record },
  ];
  for (const body of bodies) {
    things.instead = () => ({ body: typeof body === 'string' ? body : JSON.stringify(body) });
    expect(await failureOf(engine.delta('things'))).toBe('ContractBroken');
  }
  let found: RecordedHistory[] = [];
  await until(async () => {
    found = await histories(engine);
    return found.length === bodies.length;
  });
  for (const { workflowId, text } of found) expect([workflowId, text.includes(mark)]).toEqual([workflowId, false]);
});
