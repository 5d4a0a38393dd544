import { readyContext } from '../../clients/operations/definition/context';
import { type Explanation, explainRecord } from '../../clients/operations/work/explain/explain';
import { forgetOne } from '../../clients/operations/work/forget';
import type { Simulator } from '../../connectors/planning-center/simulator';
import { storeEvents } from '../../destination/inbox/inbox';
import { aMinuteLater } from '../invariants/support';
import { connectionId, type Engine, startChurch } from '../support/engine';

/** Each way in which a record can come to be as it is, and the sentence that says so. The source is asked through a real worker. */
let engine: Engine;
let control: Simulator['control'];
let ids: string[];

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: 60 }));
  ids = [...control.all('people')].map(({ id }) => id);
  await engine.delta('people');
});

const context = () => {
  const { db, connector, temporal, taskQueue } = engine;
  return readyContext({ db, connectors: [connector], client: temporal.client, taskQueue });
};

function explained(id: string, source = true): Promise<Explanation> {
  return explainRecord(context(), { connection: connectionId, entity: 'people', id, source, wait: 45 });
}

const texts = ({ story }: Explanation) => story.map(({ about, text }) => `${about}: ${text}`).join('\n');

test('a row that is as the source has it', async () => {
  const told = await explained(ids[0] as string);
  expect(told.verdict).toEqual({ right: true, sentence: expect.stringMatching(/^The table is right/) });
  expect(told.source).toMatchObject({ says: 'live', row: 'equal', columns: [] });
  expect(texts(told)).toMatch(
    /run: run 1 \(delta of everything, api\) read everything: succeeded; it wrote what the row holds/,
  );
});

test('a record that changed after the cursor: named columns, and that the next delta brings it', async () => {
  const id = ids[1] as string;
  control.change('people', id, { attributes: { last_name: 'Changed' } });
  const told = await explained(id);
  expect(told.source).toMatchObject({ says: 'live', row: 'differs', columns: expect.arrayContaining(['last_name']) });
  expect(told.verdict.right).toBe(false);
  expect(told.verdict.sentence).toMatch(
    /behind in .*last_name.*: the source changed it at .* the next delta brings it/,
  );
  const histories = JSON.stringify(told.source);
  expect(histories).not.toContain('Changed');
});

test('a record that changed after the cursor, but that a later delta did not bring: nothing is promised of the next one', async () => {
  const id = ids[50] as string;
  control.change('people', id, { attributes: { last_name: 'Unfiltered' } });
  // as a filter over a field that stays empty, or a clock that is ahead: the run asked for that time, and the cursor stays before it
  await engine.delta('people');
  await engine.db.raw(`update planning_center_people set last_name = 'Former' where external_id = ?`, [id]);
  await engine.db.raw(`update tidemark.cursors set at = at - interval '1 minute'`);
  await engine.db.raw(
    `update tidemark.runs set started_at = started_at + interval '1 minute', ended_at = ended_at + interval '1 minute'
     where id = (select max(id) from tidemark.runs)`,
  );
  const { verdict } = await explained(id);
  expect(verdict.right).toBe(false);
  expect(verdict.sentence).toMatch(/after the cursor .*, but run \d+, a delta that started later, did not bring it/);
  expect(verdict.sentence).toMatch(/`tidemark probe demo people` .*; the next reconciliation brings it/);
  expect(verdict.sentence).not.toContain('next delta');
  await engine.db.raw(`update tidemark.cursors set at = at + interval '1 minute'`);
  await engine.db.raw('delete from planning_center_people where external_id = ?', [id]);
  control.delete('people', id);
});

test('a webhook that arrived and is open', async () => {
  const id = ids[2] as string;
  const event = {
    connectionId,
    eventId: 'e1',
    type: 'people.v2.events.person.updated',
    entity: 'people',
    id,
    headers: {},
    body: '{}',
  };
  await storeEvents(engine.db, [event]);
  control.change('people', id, { attributes: { last_name: 'Announced' } });
  const told = await explained(id);
  expect(told.verdict.sentence).toMatch(/a webhook arrived at .* but is open/);
  expect(texts(told)).toContain('it is still open');
  await engine.record('people', id);
  const after = await explained(id);
  expect(after.verdict.right).toBe(true);
  expect(texts(after)).toMatch(/webhook: that webhook was done: updated/);
});

test('a record that an operator erased, though the source still has it', async () => {
  const id = ids[40] as string;
  const by = { actor: 'test', reason: 'an erasure request' };
  await forgetOne(context(), { connection: connectionId, entity: 'people', id }, by);
  await engine.delta('people');
  const told = await explained(id);
  expect(told.verdict).toEqual({
    right: false,
    sentence: expect.stringMatching(/erased here on purpose at .*the next reconciliation/),
  });
  expect(texts(told)).toMatch(/operator: it was erased from everything that is kept/);
  await engine.record('people', id);
  expect((await explained(id)).verdict.right).toBe(true);
});

test('a record that is set aside, with the reason', async () => {
  const id = ids[3] as string;
  control.change('people', id, { attributes: { created_at: 'nonsense' } });
  await engine.delta('people');
  const told = await explained(id);
  expect(told.source.says).toBe('set-aside');
  expect(told.verdict.sentence).toMatch(/set aside \(invalid: /);
  expect(texts(told)).toMatch(/set-aside: it was set aside as invalid by run \d+/);
  const unasked = await explained(id, false);
  expect(unasked.verdict).toEqual({ right: null, sentence: expect.stringMatching(/was not asked \(source=false\)/) });
});

test('a deleted record: by which plan and run, on what evidence, and that the source says the same', async () => {
  const id = ids[4] as string;
  control.delete('people', id);
  const behind = await explained(id);
  expect(behind.verdict).toEqual({
    right: false,
    sentence: expect.stringMatching(/no longer has it .*404.*next reconciliation/),
  });
  await aMinuteLater(engine);
  const { runId, planId } = await engine.reconcile('people');
  const told = await explained(id);
  expect(told.verdict.right).toBe(true);
  expect(told.verdict.sentence).toMatch(
    new RegExp(`deleted on .* because plan ${planId} \\(run ${runId}\\) found it not listed.*404`),
  );
  expect(texts(told)).toMatch(new RegExp(`answer: an answer \\(gone; .* by run ${runId}\\) deleted the row`));
  expect(texts(told)).toMatch(/plan: plan \d+ of run \d+: not listed; deleted/);
});

test('a record that never existed, and one that no run listed', async () => {
  expect((await explained('999')).verdict.sentence).toMatch(/has no such record, and neither has the source/);
  const id = ids[5] as string;
  await engine.db.raw('delete from planning_center_people where external_id = ?', [id]);
  const told = await explained(id);
  expect(told.source).toMatchObject({ row: 'missing' });
  expect(told.verdict.sentence).toMatch(
    /It is not in the table: it was never listed .* although run 1 covers its last change/,
  );
});

test('an answer that lost is told with both versions', async () => {
  const id = ids[6] as string;
  control.change('people', id, { attributes: { last_name: 'Later' } });
  await engine.record('people', id);
  await engine.db.raw(
    `update planning_center_people set _version = '2099-01-01T00:00:00.000000000Z' where external_id = ?`,
    [id],
  );
  control.change('people', id, { attributes: { last_name: 'Latest' } });
  await engine.delta('people');
  expect(texts(await explained(id))).toMatch(
    /answer: .* was disputed: it says version .* the row held version 2099-01-01T00:00:00Z/,
  );
});

test('the source cannot be asked: told, and not thrown', async () => {
  control.addFault({ match: '/people/v2/people/', fault: { kind: 'status', status: 401 } });
  const told = await explained(ids[0] as string);
  control.clearFaults();
  expect(told.source).toMatchObject({ says: 'not-asked', detail: expect.stringContaining('401') });
  expect(told.verdict.right).toBeNull();
});
