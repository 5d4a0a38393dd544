import type { Simulator } from '../connectors/planning-center/simulator';
import { listAudit } from '../destination/audit';
import { storeEvents } from '../destination/inbox/inbox';
import { sampleOfPlan } from '../destination/plans/decidePlan';
import { setAside } from '../destination/setAside/setAside';
import { connectionId, type Engine, startChurch } from '../test/support/engine';
import { readyContext } from './operations/definition/context';
import { type EventList, listStored, replayEvents } from './operations/work/events';
import { forgetOne } from './operations/work/forget';
import { readRun } from './operations/work/runs/runDetails';
import {
  discardEntries,
  listEntries,
  retryEntries,
  type SetAsideList,
  type StartedRetry,
} from './operations/work/setAside';
import { readStatus } from './operations/work/status';

/** What an operator does about single records, against a source, a worker and both servers. Each test has records of its own. */
const by = { actor: 'test', reason: 'because' };
let engine: Engine;
let control: Simulator['control'];
let ids: string[];

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: 60 }));
  ids = [...control.all('people')].map(({ id }) => id);
  await engine.delta('people');
});

const context = () =>
  readyContext({
    db: engine.db,
    client: engine.temporal.client,
    connectors: [engine.connector],
    taskQueue: engine.taskQueue,
  });
const findSetAside = async (input: SetAsideList) => (await listEntries(context(), input)).entries;
const findEvents = async (input: EventList) => (await listStored(context(), input)).events;
const discard = (entries: readonly number[], why = by) => discardEntries(context(), { entries }, why);
const id = (index: number) => ids[index] as string;
const birthdate = (index: number, value: string) =>
  control.change('people', id(index), { attributes: { birthdate: value } });
const listed = () => findSetAside({ connection: connectionId, entity: 'people', limit: 100 });

async function ended(retry: StartedRetry): Promise<void> {
  const { workflow } = engine.temporal.client;
  await Promise.all(retry.started.map((one) => workflow.getHandle(one.workflowId, one.workflowRunId).result()));
}

/** Entries of a retry that are still open. */
async function stillAside({ started }: StartedRetry) {
  const retried = started.flatMap(({ entries }) => entries);
  return (await listed()).filter((entry) => retried.includes(entry.id));
}

describe('records that are set aside', () => {
  test('are listed with the reason, and retried one by one or all; those that can be written clear themselves', async () => {
    for (const index of [0, 1, 2, 3]) birthdate(index, 'never');
    const { runId } = await engine.delta('people');
    const entries = (await listed()).filter(({ recordId }) => ids.slice(0, 4).includes(recordId ?? ''));
    expect(entries.map(({ recordId, reason }) => [recordId, reason])).toEqual(
      [0, 1, 2, 3].map((index) => [id(index), 'invalid']),
    );
    expect(
      (await readRun({ db: engine.db, client: async () => engine.temporal.client }, runId as string)).setAside,
    ).toEqual([{ reason: 'invalid', open: 4 }]);
    birthdate(0, '1990-01-01');
    const one = await retryEntries(context(), { all: false, entries: [entries[0]?.id as number] });
    await ended(one);
    expect(await stillAside(one)).toEqual([]);
    expect((await engine.rows('planning_center_people')).get(id(0))).toMatchObject({ birthdate: '1990-01-01' });

    birthdate(1, '1991-01-01');
    control.delete('people', id(2));
    const rest = await retryEntries(context(), { all: true, connection: connectionId });
    expect(rest.started).toHaveLength(1);
    await ended(rest);
    // written, gone at the source, and still bad
    expect((await stillAside(rest)).map(({ recordId }) => recordId)).toEqual([id(3)]);
  });

  test('without a readable key cannot be asked for, and that is said', async () => {
    await setAside(engine.db, { connectionId, entity: 'people' }, null, [
      { id: null, reason: 'invalid', detail: 'no id', raw: { name: 'who?' } },
    ]);
    const keyless = (await listed()).find(({ recordId }) => recordId === null);
    const { started, impossible } = await retryEntries(context(), { all: false, entries: [keyless?.id as number] });
    expect(started).toEqual([]);
    expect(impossible).toEqual([{ entry: keyless?.id, why: expect.stringContaining('key could not be read') }]);
  });

  test('are discarded all or none, with a reason that is audited', async () => {
    const bad = [4, 5].map((index) => ({ id: id(index), reason: 'invalid' as const, detail: 'no', raw: {} }));
    await setAside(engine.db, { connectionId, entity: 'people' }, null, bad);
    const own = async () => (await listed()).filter(({ recordId }) => recordId === id(4) || recordId === id(5));
    const numbers = (await own()).map((entry) => entry.id);
    await expect(discard([...numbers, 999_999])).rejects.toMatchObject({ type: 'NotFound' });
    await expect(discard(numbers, { ...by, reason: ' ' })).rejects.toMatchObject({ type: 'Usage' });
    expect(await own()).toHaveLength(2);
    await discard(numbers);
    expect(await own()).toEqual([]);
    const audited = await listAudit(engine.db, { action: 'set-aside discard' });
    expect(audited.map(({ details }) => details.recordId)).toEqual(expect.arrayContaining([id(4), id(5)]));
    await expect(retryEntries(context(), { all: false, entries: numbers })).rejects.toThrow(
      /is not open: it was cleared/,
    );
  });

  test('are not chosen by wrong names, nor by nothing', async () => {
    await expect(findSetAside({ connection: 'nope', limit: 1 })).rejects.toMatchObject({ type: 'NotFound' });
    await expect(retryEntries(context(), { all: false })).rejects.toMatchObject({ type: 'Usage' });
    const both = { all: true, entries: [1] };
    await expect(retryEntries(context(), both)).rejects.toMatchObject({ type: 'Usage' });
    const narrowed = { all: false, entries: [1], connection: connectionId };
    await expect(retryEntries(context(), narrowed)).rejects.toMatchObject({ type: 'Usage' });
    await expect(retryEntries(context(), { all: true, connection: connectionId, entity: 'peple' })).rejects.toThrow(
      /Did you mean 'people'/,
    );
  });
});

describe('stored webhook events', () => {
  const event = (eventId: string, recordId: string | null, body = '{"secret":"of a person"}') => ({
    ...{ connectionId, eventId, headers: {}, body },
    type: 'person.updated',
    entity: recordId === null ? null : 'people',
    id: recordId,
  });
  const choice = { connection: connectionId, limit: 50, bodies: false };

  test('are listed without their bodies, unless those are asked for', async () => {
    await storeEvents(engine.db, [event('a', id(10)), event('b', id(11)), event('c', null)]);
    const [latest, ...others] = (await findEvents(choice)).slice(0, 3);
    expect(latest).toMatchObject({ eventId: 'c', state: 'ignored', recordId: null });
    expect(others.map(({ state }) => state)).toEqual(['open', 'open']);
    expect(JSON.stringify([latest, ...others])).not.toContain('of a person');
    expect((await findEvents({ ...choice, bodies: true }))[0]?.body).toContain('of a person');
    expect(await findEvents({ ...choice, record: id(11) })).toHaveLength(1);
    expect(await findEvents({ ...choice, until: new Date(0) })).toEqual([]);
  });

  test('are replayed: the records that they name are fetched again, and they end by an answer sent afterwards', async () => {
    await storeEvents(engine.db, [event('d', id(14))]);
    const open = () => findEvents({ ...choice, record: id(14), state: 'open' });
    expect(await open()).toHaveLength(1);
    await engine.record('people', id(14));
    expect(await open()).toEqual([]);
    control.change('people', id(14), { attributes: { last_name: 'Replayed' } });
    const [done] = await findEvents({ ...choice, record: id(14) });
    const replayed = await replayEvents(context(), { connection: connectionId, events: [done?.id as number] }, by);
    expect(replayed).toEqual({
      reopened: [{ connectionId, entity: 'people', events: 1, records: 1, enabled: true }],
      withoutRecord: 0,
      delayedBecause: null,
    });
    await engine.temporal.client.workflow.getHandle(`tidemark/inbox/${connectionId}/people`).result();
    expect((await engine.rows('planning_center_people')).get(id(14))?.last_name).toBe('Replayed');
    expect(await open()).toEqual([]);
    expect((await listAudit(engine.db, { action: 'webhooks replay' }))[0]).toMatchObject({ reason: 'because' });
  });

  test('that the connector could not read are read again by what it knows now', async () => {
    const payload = JSON.stringify({ data: { type: 'Person', id: id(13) } });
    const delivery = (eventId: string, name: string) =>
      JSON.stringify({ data: [{ id: eventId, type: 'EventDelivery', attributes: { name, payload } }] });
    const name = 'people.v2.events.person.updated';
    await storeEvents(engine.db, [
      { ...event('late', null, delivery('late', name)), type: name },
      { ...event('sha256:odd', null, delivery('odd', name)), type: 'unreadable', unreadable: 'an older connector' },
    ]);
    const { reopened } = await replayEvents(
      context(),
      { connection: connectionId, since: new Date(0), state: 'ignored' },
      by,
    );
    expect(reopened).toMatchObject([{ entity: 'people', events: 1 }]);
    const parked = await replayEvents(context(), { connection: connectionId, state: 'parked' }, by);
    expect(parked.reopened).toMatchObject([{ entity: 'people', events: 1 }]);
    await engine.record('people', id(13));
    const found = await findEvents({ ...choice, record: id(13) });
    expect(found.map(({ eventId, state }) => [eventId, state])).toEqual([
      ['odd', 'done'],
      ['late', 'done'],
    ]);
  });

  test('are not replayed all at once by mistake; those that name no record are counted', async () => {
    await storeEvents(engine.db, [event('e', null)]);
    const ignored = await findEvents({ ...choice, state: 'ignored' });
    await expect(replayEvents(context(), { connection: connectionId }, by)).rejects.toMatchObject({ type: 'Usage' });
    expect(await replayEvents(context(), { connection: connectionId, state: 'ignored' }, by)).toMatchObject({
      reopened: [],
      withoutRecord: ignored.length,
    });
  });
});

describe('a waiting plan and a forgotten person', () => {
  test('status shows what the plan would delete; forgetting takes the person out of everything', async () => {
    for (const index of [20, 21, 22, 23, 24, 25, 26, 27, 28, 29, ...Array.from({ length: 25 }, (_, more) => 30 + more)])
      control.delete('people', id(index));
    await engine.db.raw(`update planning_center_people set _received_at = _received_at - interval '1 minute',
      _sent_at = _sent_at - interval '1 minute'`);
    const { planId, runId } = await engine.reconcile('people');
    const status = await readStatus(engine.db, [engine.connector], undefined, { connectionId, entity: 'people' });
    const [plan] = status.connections[0]?.entities[0]?.plansWaiting ?? [];
    expect(plan).toMatchObject({ id: planId, runId, gone: 35, ratio: 35 / (plan?.liveRows ?? 0) });
    expect(plan?.sample).toEqual(await sampleOfPlan(engine.db, planId as string));
    expect(plan?.sample).toHaveLength(5);

    const person = plan?.sample[0] as string;
    const bad = [{ id: person, reason: 'invalid' as const, detail: 'no', raw: { name: 'Ada' } }];
    await setAside(engine.db, { connectionId, entity: 'people' }, null, bad);
    const [discarded] = await findSetAside({ connection: connectionId, record: person, limit: 1 });
    await discard([discarded?.id as number]);
    await setAside(engine.db, { connectionId, entity: 'people' }, null, bad);
    const told = {
      connectionId,
      headers: {},
      type: 'person.updated',
      entity: 'people',
      body: '[two of them, Ada and Bo]',
    };
    await storeEvents(engine.db, [
      { ...told, eventId: 'x', id: person },
      { ...told, eventId: 'y', id: id(12) },
    ]);
    const forgotten = await forgetOne(context(), { connection: connectionId, entity: 'people', id: person }, by);
    expect(forgotten.erased).toMatchObject({
      rows: 1,
      setAside: 2,
      events: 1,
      sharedDeliveries: 1,
      planItems: 1,
      files: 0,
      audits: 1,
    });
    expect(forgotten.warnings[0]).toMatch(/not suppressed.*brings it back/);
    expect(await sampleOfPlan(engine.db, planId as string, 100)).not.toContain(person);
    // for a day, against answers that were under way
    expect(await everywhere(person)).toEqual(['tidemark.forgotten']);
    expect(await everywhere('Ada and Bo')).toEqual([]);
    await expect(
      forgetOne(context(), { connection: connectionId, entity: 'people', id: person }, by),
    ).rejects.toMatchObject({ type: 'NotFound' });
    // another one's row stays
    expect((await engine.rows('planning_center_people')).has(id(12))).toBe(true);
  });

  test('what the source still has comes back with the next reading', async () => {
    await forgetOne(context(), { connection: connectionId, entity: 'people', id: id(16) }, by);
    expect((await engine.rows('planning_center_people')).has(id(16))).toBe(false);
    expect(await engine.record('people', id(16))).toMatchObject({ outcome: 'inserted' });
    expect((await engine.rows('planning_center_people')).has(id(16))).toBe(true);
  });
});

/** Tables of the database that contain a text anywhere. */
async function everywhere(text: string): Promise<string[]> {
  const { rows: tables } = await engine.db.raw(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
     where table_schema in ('public', 'tidemark') and table_type = 'BASE TABLE'`,
  );
  const found: string[] = [];
  for (const { name } of tables as { name: string }[]) {
    const { rows } = await engine.db.raw(
      `select count(*)::int as rows from ${name} t where position(? in t::text) > 0`,
      [text],
    );
    if (rows[0].rows > 0) found.push(name);
  }
  return found;
}
