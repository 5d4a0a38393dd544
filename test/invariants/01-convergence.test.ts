import { firstPersonId, type OperationInput } from '../../connectors/planning-center/simulator';
import { seededRandom } from '../../connectors/simulator/random';
import { type Engine, startChurch } from '../support/engine';
import { type Control, expectEqual } from './support';

/** Invariant 1: whatever happened before, one delta and one reconciliation after the source has come to rest, all is equal. */
let engine: Engine;
let control: Control;
/** changes with a time in the past so far */
let late = 0;

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: 450 }));
  control.latencyMs = 15;
});

/** Changes of every kind, one after another, for as long as something runs. */
function storm(seed: number, running: Promise<unknown>): Promise<unknown> {
  const random = seededRandom(seed);
  const removed: string[] = [];
  let deletes = 0;
  let names = 0;
  const ids = () => [...control.all('people')].map(({ id }) => id);
  const any = () => {
    const all = ids();
    return all[Math.floor(random() * all.length)] as string;
  };
  const named = () => ({ attributes: { last_name: `Storm ${seed}/${++names}` } });
  const kinds: (() => OperationInput[])[] = [
    () => [{ do: 'change', entity: 'people', id: any(), ...named() }],
    // within one tick of the version
    () => {
      const id = any();
      return [
        { do: 'change', entity: 'people', id, ...named() },
        { do: 'change', entity: 'people', id, ...named() },
      ];
    },
    () => [{ do: 'touch', entity: 'people', id: any() }],
    () => [{ do: 'create', entity: 'people', ...named() }],
    () => {
      // below the deletion guard, mostly on earlier pages
      const id = String(firstPersonId + Math.floor(random() * 200));
      if (deletes >= 12 || !ids().includes(id)) return [];
      deletes += 1;
      removed.push(id);
      return [{ do: 'delete', entity: 'people', id }];
    },
    () => {
      const id = removed.pop();
      return id === undefined ? [] : [{ do: 'create', entity: 'people', id, ...named() }];
    },
    // a change with a time from before the cursor, never the same twice: a change that leaves the version as it was shows
    // only where the record itself is fetched
    () => {
      const updatedAt = new Date(Date.parse('2021-03-04T05:06:07Z') + 1000 * ++late).toISOString();
      return [{ do: 'change', entity: 'people', id: any(), updatedAt, ...named() }];
    },
  ];
  const timer = setInterval(() => control.bulk((kinds[Math.floor(random() * kinds.length)] ?? kinds[0])?.() ?? []), 4);
  return running.finally(() => clearInterval(timer));
}

async function settles(): Promise<void> {
  await engine.delta('people');
  expect((await engine.reconcile('people')).outcome).toBe('succeeded');
  await expectEqual(engine, control);
}

test('after changes during the first sync', async () => {
  await storm(1, engine.delta('people'));
  await settles();
});

test('after changes during a delta and a reconciliation that run at the same time', async () => {
  await storm(2, Promise.all([engine.delta('people'), engine.reconcile('people')]));
  await storm(3, engine.delta('people'));
  await storm(4, engine.reconcile('people'));
  await settles();
});

test('after more changes on one timestamp than fit on a page', async () => {
  const updatedAt = new Date(Math.floor(control.now() / 1000) * 1000).toISOString();
  const ids = [...control.all('people')].slice(0, 230).map(({ id }) => id);
  const half = ids.slice(0, 115);
  const change = (id: string, name: string): OperationInput => ({
    do: 'change',
    entity: 'people',
    id,
    updatedAt,
    attributes: { last_name: name },
  });
  control.bulk(half.map((id) => change(id, 'Tied')));
  const running = engine.delta('people');
  control.bulk(ids.map((id) => change(id, 'Tied again')));
  await running;
  await settles();
});

test('after deletes and records created again under the ids of deleted ones', async () => {
  const ids = [...control.all('people')].slice(0, 12).map(({ id }) => id);
  for (const id of ids) control.delete('people', id);
  await Promise.all(ids.slice(0, 3).map((id) => engine.record('people', id)));
  await engine.reconcile('people');
  for (const id of ids.slice(0, 6)) control.create('people', { id, attributes: { last_name: 'Back' } });
  await settles();
});

test('and then nothing is left to do', async () => {
  expect(await engine.reconcile('people')).toMatchObject({ missing: 0, stale: 0, gone: 0, unlisted: 0, deleted: 0 });
});
