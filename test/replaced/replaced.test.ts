import { decidePlan } from '../../destination/plans/decidePlan';
import { waitingPlans } from '../../destination/readModels/statusFacts';
import { connectionId } from '../support/engine';
import { daysAgo, type Line, startTill } from './orderLines';

const line = (days: number, order: string, price: number, item = 'tea'): Line => ({
  sold: daysAgo(days),
  order,
  item,
  price,
});

/** Ten days with five orders each, and a refund as a second line of one. */
function tenDays(): Line[] {
  const days = Array.from({ length: 10 }, (_, day) => day);
  return days.flatMap((day) => [
    ...[1, 2, 3, 4, 5].map((no) => line(day, `o${day}-${no}`, no)),
    line(day, `o${day}-1`, -1),
  ]);
}

test('lines without an id are one row each; a document in another order changes none, and today is among its days', async () => {
  const till = await startTill(tenDays());
  expect(await till.live()).toEqual(till.held());
  const { rows: indexes } = await till.engine.db.raw(
    `select indexdef from pg_indexes where tablename = 'till_lines' and indexdef like '%(connection_id, sold_on)%'`,
  );
  expect(indexes).toHaveLength(1);
  const rows = () => till.engine.db('till_lines').select('*').orderBy('external_id');
  const before = await rows();
  expect(before.filter(({ order_no }) => order_no === 'o3-1').map(({ external_id }) => external_id)).toEqual([
    `${daysAgo(3)}/o3-1 tea/1`,
    `${daysAgo(3)}/o3-1 tea/2`,
  ]);
  till.lines.reverse();
  const { counts } = await till.engine.delta('lines');
  expect(counts).toMatchObject({ inserted: 0, updated: 0, deleted: 0, errors: 0 });
  expect(await rows()).toEqual(before);
  till.lines.push(line(0, 'late', 9));
  expect((await till.engine.delta('lines')).counts).toMatchObject({ inserted: 1 });
  expect(await till.live()).toEqual(till.held());
});

test('a line that its day no longer lists is deleted, and live again when it comes back; what a user keeps in the row stays', async () => {
  const till = await startTill(tenDays());
  const { db } = till.engine;
  await db.raw(`alter table till_lines add column note text`);
  await db.raw(`update till_lines set note = 'checked' where order_no = 'o2-4'`);
  const removed = till.lines.filter(({ order }) => order === 'o2-4');
  till.lines = till.lines.filter(({ order }) => order !== 'o2-4');
  await till.later();
  expect((await till.engine.delta('lines')).counts).toMatchObject({ deleted: 1, inserted: 0, updated: 0 });
  expect(await till.live()).toEqual(till.held());
  till.lines.push(...removed);
  await till.later();
  await till.engine.delta('lines');
  expect(await till.live()).toEqual(till.held());
  expect((await db('till_lines').where({ order_no: 'o2-4' })).map(({ note }) => note)).toEqual(['checked']);
});

test('what was received just now, or is not of the source, is not deleted by a list that lacks it', async () => {
  const till = await startTill(tenDays());
  await till.engine.db.raw(
    `insert into till_lines (connection_id, external_id, sold_on, order_no, item, price, synced_at, _received_at) values (?, 'mine', ?::date, 'mine', 'tea', 1, now(), '2020-01-01')`,
    [connectionId, daysAgo(2)],
  );
  till.lines = till.lines.filter(({ order }) => order !== 'o2-4');
  await till.engine.db.raw(`update till_lines set _received_at = now() + interval '1 minute' where order_no = 'o2-4'`);
  await till.engine.delta('lines');
  expect((await till.live()).filter((one) => /mine|o2-4/.test(one))).toHaveLength(2);
});

test('a line that moves to another day is in the table once, and is no loss to the deletion guard', async () => {
  const till = await startTill(tenDays());
  const moved = till.lines.filter(({ sold }) => sold === daysAgo(3));
  till.lines = till.lines.map((one) => (moved.includes(one) ? { ...one, sold: daysAgo(1) } : one));
  // of a table of few rows, six are more than half of a day; the day they left would wait if they counted as lost
  for (let no = 0; no < 20; no += 1) till.lines.push(line(3, `more${no}`, no));
  await till.later();
  await till.engine.delta('lines');
  expect(await waitingPlans(till.engine.db)).toEqual([]);
  expect(await till.live()).toEqual(till.held());
});

test('what moves into the days that a delta replaces is live twice until a reconciliation has read all days', async () => {
  const old = Array.from({ length: 12 }, (_, no) => line(40, `old${no}`, no));
  const till = await startTill([...tenDays(), ...old]);
  till.lines = till.lines.map((one) => (one.order === 'old3' ? { ...one, sold: daysAgo(2) } : one));
  await till.later();
  await till.engine.delta('lines');
  expect((await till.live()).filter((one) => one.includes('old3 '))).toHaveLength(2);
  await till.later();
  expect(await till.engine.reconcile('lines')).toMatchObject({ outcome: 'succeeded' });
  expect(await till.live()).toEqual(till.held());
});

test('a document that was requested before that of the day changes nothing of it', async () => {
  const till = await startTill(tenDays());
  const before = await till.live();
  await till.engine.db.raw(`update tidemark.windows set sent_at = now() + interval '1 hour' where day = ?::date`, [
    daysAgo(2),
  ]);
  till.lines = [...till.lines.filter(({ order }) => order !== 'o2-4'), line(2, 'stale', 1), line(1, 'new', 1)];
  const { counts } = await till.engine.delta('lines');
  expect(counts).toMatchObject({ inserted: 1, deleted: 0, refused: 6 });
  expect(await till.live()).toEqual([...before, ...[line(1, 'new', 1)].map(() => `${daysAgo(1)} new tea 1`)].sort());
});

test('a list with a line that cannot be read deletes nothing; it does once all of it can', async () => {
  const till = await startTill(tenDays());
  till.lines = till.lines.filter(({ order }) => order !== 'o2-4');
  till.lines.push({ ...line(2, 'bad', 1), price: 'free' as unknown as number });
  await till.later();
  expect((await till.engine.delta('lines')).counts).toMatchObject({ deleted: 0, errors: 1 });
  expect((await till.live()).filter((one) => one.includes('o2-4'))).toHaveLength(1);
  till.lines = till.lines.filter(({ order }) => order !== 'bad');
  await till.later();
  expect((await till.engine.delta('lines')).counts).toMatchObject({ deleted: 1, errors: 0 });
});

test('a day that loses most of its lines waits for an operator, and so does the day of a list that has others only', async () => {
  const many = Array.from({ length: 300 }, (_, no) => line(5 + Math.floor(no / 100), `m${no}`, no));
  const few = Array.from({ length: 20 }, (_, no) => line(2, `d${no}`, no));
  const till = await startTill([...many, ...few]);
  till.lines = till.lines.filter(({ order }) => !/^d1/.test(order));
  await till.later();
  expect((await till.engine.delta('lines')).counts).toMatchObject({ deleted: 0 });
  const [plan] = await waitingPlans(till.engine.db);
  expect(plan).toMatchObject({ gone: 11, reason: expect.stringContaining(`of ${daysAgo(2)}, 11 of 20 rows`) });
  expect(await till.live()).toHaveLength(320);
  await decidePlan(till.engine.db, plan?.id ?? '', 'approved', { actor: 'test', reason: 'test' });
  const applied = await till.engine.start('applyPlan', { connectionId, entity: 'lines', planId: plan?.id });
  expect(await applied.result()).toMatchObject({ deleted: 11 });
  expect(await till.live()).toEqual(till.held());
});

test('an empty list deletes nothing: a delta keeps the rows, and a reconciliation waits', async () => {
  const till = await startTill(tenDays());
  const before = await till.live();
  till.faults.nothing = true;
  await till.later();
  expect(await till.engine.delta('lines')).toMatchObject({ outcome: 'succeeded' });
  expect(await till.engine.reconcile('lines')).toMatchObject({ outcome: 'waiting', deleted: 0 });
  expect(await till.live()).toEqual(before);
});

test('the days at the edges of a range, which come in part, stay as they are', async () => {
  const all = Array.from({ length: 14 }, (_, day) => [1, 2, 3].map((no) => line(day, `o${day}-${no}`, no))).flat();
  const till = await startTill(all);
  const { db } = till.engine;
  await till.later();
  await till.engine.delta('lines');
  // the engine also asks for a range of 1970, to see whether the source obeys it
  const [first = '', last = ''] = till.asked.findLast(([, to]) => to >= daysAgo(0)) ?? [];
  expect([first <= daysAgo(9), last >= daysAgo(-1)]).toEqual([true, true]);
  // the source counts days in a zone of its own, so that the first day it was asked for lacks its morning
  till.lines = till.lines.filter(({ sold, order }) => sold !== first || !order.endsWith('-1'));
  till.lines.push({ ...line(0, 'edge', 1), sold: last });
  await till.later();
  expect((await till.engine.delta('lines')).counts).toMatchObject({ inserted: 0, deleted: 0 });
  expect((await till.live()).length).toBe(42);
  expect((await db('tidemark.windows').where('day', '>', daysAgo(0))).length).toBe(0);
});

test('a source that ignores the range replaces nothing', async () => {
  const till = await startTill([...tenDays(), line(40, 'old', 1)]);
  till.faults.ignoresRange = true;
  till.lines = till.lines.filter(({ order }) => order !== 'o2-4');
  const before = await till.live();
  await till.later();
  await expect(till.engine.delta('lines')).rejects.toThrow('Workflow execution failed');
  expect(await till.live()).toEqual(before);
});

test('a source that limits its list by another day than that of the lines replaces nothing', async () => {
  const till = await startTill([...tenDays(), line(40, 'old', 1)]);
  // it obeys a range of 1970, by which the engine looks whether it obeys any
  till.faults.byAnotherDay = true;
  till.lines = till.lines.filter(({ order }) => order !== 'o2-4');
  const before = await till.live();
  await till.later();
  await expect(till.engine.delta('lines')).rejects.toThrow('Workflow execution failed');
  const { rows } = await till.engine.db.raw('select error from tidemark.runs order by id desc limit 1');
  expect(rows[0].error).toContain(`the list has lines of ${daysAgo(40)}`);
  expect(await till.live()).toEqual(before);
});

test('stopped between two days, a run goes on with the next one, and counts each line once', async () => {
  const till = await startTill(tenDays());
  await till.engine.db.raw(`create sequence stops;
    create function stop_once() returns trigger language plpgsql as $$ begin
      if new.day = '${daysAgo(4)}' and nextval('stops') = 1 then raise exception 'stopped' using errcode = '57P01'; end if;
      return new; end $$;
    create trigger stop_once before insert on tidemark.windows for each row execute function stop_once()`);
  till.lines = [...till.lines.filter(({ order }) => !/^o[26]-4/.test(order)), line(1, 'new', 1), line(7, 'new', 1)];
  await till.later();
  const { counts } = await till.engine.delta('lines');
  expect((await till.engine.db.raw('select last_value from stops')).rows).toEqual([{ last_value: 2 }]);
  expect(counts).toMatchObject({ inserted: 2, deleted: 2, updated: 0, refused: 0, unchanged: 58 - 12 });
  expect(await till.live()).toEqual(till.held());
});

test.each([
  ['one list', undefined],
  ['two lists with the same orders', ['north', 'south']],
])('whatever changes, of %s the table has the lines of the source after a reconciliation', async (_of, partitions) => {
  const random = seeded(partitions === undefined ? 7 : 11);
  const some = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)] as T;
  const make = (): Line => ({
    ...line(Math.floor(random() * 14), `o${Math.floor(random() * 9)}`, Math.floor(random() * 3), some(['tea', 'cup'])),
    ...(partitions && { till: some(partitions) }),
  });
  const till = await startTill(Array.from({ length: 120 }, make), partitions);
  for (let round = 0; round < 5; round += 1) {
    for (let change = 0; change < 12; change += 1) {
      const at = Math.floor(random() * till.lines.length);
      const { till: of } = till.lines[at] as Line;
      const kind = random();
      if (kind < 0.4) till.lines.splice(at, 1);
      else if (kind < 0.7) till.lines.splice(at, 0, make());
      else till.lines[at] = { ...make(), ...(of !== undefined && { till: of }) };
    }
    till.lines.sort(() => random() - 0.5);
    await till.later();
    expect((await till.engine.delta('lines')).counts).toMatchObject({ errors: 0, refused: 0 });
  }
  await till.later();
  expect(await till.engine.reconcile('lines')).toMatchObject({ outcome: 'succeeded' });
  expect(await waitingPlans(till.engine.db)).toEqual([]);
  expect(await till.live()).toEqual(till.held());
});

/** A generator of numbers from 0 to 1 that is the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
