import { afterRequests, type Control, expectEqual, failureOf, lastRun, until } from '../invariants/support';
import { activitiesOf, type RunActivity } from '../support/activities';
import { connectionId, type Engine, startChurch } from '../support/engine';

/** Most deltas have one page: the activity that claims the run then reads, writes and ends it as well. */
const target = { connectionId, entity: 'people' };
const begin = { ...target, strategy: 'delta', trigger: 'api', dryRun: false, full: false } as const;
let engine: Engine;
let control: Control;
let run: RunActivity;

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: 250 }));
  await engine.delta('people');
  run = await activitiesOf(engine);
});
beforeEach(() => {
  control.latencyMs = 0;
  control.clearFaults();
  control.clearLog();
});

/** Ends what a test has begun outside of Temporal, as its workflow run does, whose name is the same in all tests. */
afterEach(() =>
  engine.db.raw(`update tidemark.runs set workflow_run_id = 'run ' || id,
    status = case when status = 'running' then 'lost' else status end where workflow_id = 'test'`),
);

const part = async () =>
  (await engine.db.raw(`select fence, pages, records, done from tidemark.run_parts order by run_id desc limit 1`))
    .rows[0];

function change(count: number, last_name: string): void {
  for (const { id } of [...control.all('people')].slice(0, count))
    control.change('people', id, { attributes: { last_name } });
}

/** The activities of a delta, in order. */
async function activitiesOfDelta(): Promise<(string | null | undefined)[]> {
  const handle = await engine.start('deltaSync', { ...target, trigger: 'api' });
  await handle.result();
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: task }) =>
    task ? [task.activityType?.name] : [],
  );
}

test('one page of changes takes one activity, and is written with the run and the cursor', async () => {
  change(3, 'At once');
  const before = (await lastRun(engine)).cursorAfter;
  expect(await activitiesOfDelta()).toEqual(['beginOrFinishDelta']);
  const { status, counts, pages, requests, cursorAfter } = await lastRun(engine);
  expect({ status, counts, pages, requests }).toMatchObject({ status: 'succeeded', counts: { updated: 3 }, pages: 1 });
  expect(requests).toBe(control.logSummary().requests);
  expect(cursorAfter?.getTime()).toBeGreaterThan(before?.getTime() ?? Number.POSITIVE_INFINITY);
  await expectEqual(engine, control);
});

test('killed after its commit: the next attempt says what the first one did', async () => {
  change(2, 'Killed');
  const first = await run('beginOrFinishDelta', 1, begin);
  expect(first).toMatchObject({ outcome: 'succeeded', result: { counts: { updated: 2 } } });
  control.clearLog();
  expect(await run('beginOrFinishDelta', 2, begin)).toEqual(first);
  expect(control.logSummary().requests).toBe(0);
});

test('an attempt thought dead writes nothing once the ordinary pull has begun', async () => {
  change(2, 'Thought dead');
  control.latencyMs = 2_000;
  const zombie = run('beginOrFinishDelta', 1, begin);
  await afterRequests(control, 1, () => undefined);
  const begun = await run('beginOrFinishDelta', 2, begin);
  if (begun.outcome !== 'claimed') throw new Error(`the later attempt leaves it to the pull: ${begun.outcome}`);
  const { runId, listing, partitions } = begun;
  const pulling = run('pull', 1, { ...target, runId, listing, partition: partitions[0] ?? '' });
  expect(await zombie).toMatchObject({ outcome: 'claimed', runId });
  expect((await pulling).counts).toMatchObject({ updated: 2, unchanged: expect.any(Number) });
  expect(await part()).toMatchObject({ fence: 1, pages: 1, done: true });
  expect(await run('finishDelta', 1, { ...target, runId })).toMatchObject({ outcome: 'succeeded', pages: 1 });
});

test('a run that another has ended meanwhile stays as it ended', async () => {
  control.latencyMs = 2_000;
  const late = run('beginOrFinishDelta', 1, begin);
  await afterRequests(control, 1, () => undefined);
  const { id } = await lastRun(engine);
  await run('endRun', 1, { runId: id, status: 'terminated' });
  expect(await late).toMatchObject({ outcome: 'claimed', runId: id });
  expect(await lastRun(engine)).toMatchObject({ status: 'terminated', cursorAfter: null });
  expect(await failureOf(run('beginOrFinishDelta', 2, begin))).toBe('FenceLost');
});

test('cancelled while the source is asked: the run says so', async () => {
  control.latencyMs = 20_000;
  const handle = await engine.start('deltaSync', { ...target, trigger: 'api' });
  await afterRequests(control, 1, () => undefined);
  await handle.cancel();
  await failureOf(handle.result());
  expect(await lastRun(engine)).toMatchObject({ status: 'cancelled', errorType: 'Cancelled' });
});

test('what the source refuses fails the run as it does elsewhere', async () => {
  control.addFault({ match: 'where[updated_at]', fault: { kind: 'status', status: 401 } });
  expect(await failureOf(engine.delta('people'))).toBe('CredentialsRefused');
  await until(async () => (await lastRun(engine)).status === 'failed');
  expect(await lastRun(engine)).toMatchObject({ errorType: 'CredentialsRefused', cursorAfter: null });
});

// last, since the deltas after it read all of these again, as long as the lookback goes
test('of several pages the first is kept, and the ordinary pull goes on after it', async () => {
  change(250, 'Several pages');
  expect(await activitiesOfDelta()).toEqual(['beginOrFinishDelta', 'pull', 'finishDelta']);
  expect(await lastRun(engine)).toMatchObject({ status: 'succeeded', counts: { updated: 250 }, pages: 3 });
  expect(await part()).toMatchObject({ fence: 1, pages: 3, done: true });
  await expectEqual(engine, control);
});
