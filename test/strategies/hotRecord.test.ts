import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { storeEvents } from '../../destination/inbox/inbox';
import { workflowNames } from '../../schema/workflows';
import { type Control, expectEqual, until } from '../invariants/support';
import { connectionId, type Engine, startChurch } from '../support/engine';
import { startChildWorker } from '../support/workers/children';

/** Thousands of events about one record cost a handful of requests, and nobody else waits for that. */
const target = { connectionId, entity: 'people' };
let engine: Engine;
let control: Control;
let ids: string[];
let hot: string;
let events = 0;

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: 120 }));
  ids = [...control.all('people')].map(({ id }) => id);
  hot = ids[7] as string;
  await engine.delta('people');
});
beforeEach(() => {
  control.latencyMs = 0;
  control.clearLog();
});

/** A change at the source, and the event that tells of it, as the server stores it before it acknowledges. */
async function tell(...changed: string[]): Promise<void> {
  for (const id of changed) control.change('people', id, { attributes: { last_name: `Told ${++events}` } });
  const type = 'people.v2.events.person.updated';
  await storeEvents(
    engine.db,
    changed.map((id) => ({ ...target, eventId: `event-${++events}`, type, id, headers: {}, body: '{}' })),
  );
}

const drain = (): Promise<WorkflowHandle> =>
  engine.start(workflowNames.syncRecords, { ...target, batch: { of: 'inbox' } });
const open = async (id?: string) => {
  const found = engine.db('tidemark.inbox').whereNull('done_at');
  return Number((await (id === undefined ? found : found.where({ external_id: id })).count())[0]?.count);
};
const requestsFor = (id: string) => control.log().filter(({ path }) => path.endsWith(`/people/${id}`)).length;

/** As if the record were in the middle of a long burst; for as long as it takes until `holds`. */
async function gatheredUntil(id: string, holds: () => Promise<boolean>): Promise<void> {
  await until(async () => {
    await engine.db.raw(
      `insert into tidemark.inbox_pauses values (?, 'people', ?, 4000, clock_timestamp() + interval '3900 milliseconds')
       on conflict (connection_id, entity, external_id) do update set until_at = excluded.until_at`,
      [connectionId, id],
    );
    return holds();
  });
}

test('a burst about one record, mixed with others: few requests for it, one for each other, and all is written', async () => {
  const began = performance.now();
  const others = ids.slice(20, 60);
  const first = await drain();
  for (let time = 0; time < 200; time++) {
    const other = time % 5 === 0 ? others[time / 5] : undefined;
    await tell(hot, ...(other === undefined ? [] : [other]));
    await sleep(5);
  }
  // should the first have found nothing for so long that it ended
  await first.result();
  await (await drain()).result();
  expect(await open()).toBe(0);
  // no two within the shortest pause, however slow the machine
  expect(requestsFor(hot)).toBeLessThanOrEqual(1 + (performance.now() - began) / 250);
  expect(others.map(requestsFor)).toEqual(others.map(() => 1));
  await expectEqual(engine, control);
});

test('others do not wait for a record whose events are gathered, and it is fetched when its pause is over', async () => {
  const [other] = ids as [string];
  await gatheredUntil(hot, async () => true);
  await tell(hot, other, hot);
  const draining = await drain();
  await gatheredUntil(hot, async () => (await open(other)) === 0);
  expect(requestsFor(hot)).toBe(0);
  expect(await open(hot)).toBe(2);
  await draining.result();
  expect(requestsFor(hot)).toBe(1);
  expect(await open()).toBe(0);
  await expectEqual(engine, control);
});

test('what an operator asks for is fetched at once, and the events that it answers are done', async () => {
  await gatheredUntil(hot, async () => true);
  await tell(hot);
  await engine.record('people', hot);
  expect(await open()).toBe(0);
  await expectEqual(engine, control);
});

test('a worker that is killed while events are gathered loses none of them', async () => {
  const [, other] = ids as [string, string];
  await engine.worker.stop();
  const child = await startChildWorker(engine);
  await gatheredUntil(hot, async () => true);
  await tell(hot, other);
  const draining = await drain();
  await gatheredUntil(hot, async () => (await open(other)) === 0);
  await child.kill('SIGKILL');
  expect(await open()).toBe(1);
  await engine.startWorker();
  await draining.result();
  expect(await open()).toBe(0);
  await expectEqual(engine, control);
}, 90_000);
