import { expectEqual, until } from '../invariants/support';
import { type BothWays, bothWays } from './support';

/** Commands do not hang while a source says wait, and an operator ends the wait by the command line or by HTTP. */

let both: BothWays;
const reason = 'the source is well again';
const hour = { kind: 'status', status: 429, headers: { 'Retry-After': '3600' } } as const;

beforeAll(async () => {
  both = await bothWays({ people: 120 });
  await both.engine.delta('people');
}, 180_000);
beforeEach(() => both.control.clearFaults());
jest.setTimeout(180_000);

const running = async () =>
  (await both.engine.db('tidemark.runs').where({ status: 'running' }).select('id')).map(({ id }) => String(id));

test('a record whose source says wait: the command ends as busy, the next one as failed, and resume lets the fetch go on', async () => {
  const [person] = [...both.control.all('people')];
  const args = ['record', 'demo', 'people', person?.id ?? ''];
  both.control.addFault({ match: `/people/${person?.id}`, count: 1, fault: hour });
  expect(await both.cli(args)).toMatchObject({ status: 3, document: { state: 'running' } });
  expect(await both.cli(args)).toMatchObject({
    status: 1,
    document: { error: { type: 'SourceAsksToWait', message: expect.stringContaining('Retry-After: 3600') } },
  });
  const resumed = await both.http('POST', '/api/connections/demo/resume', { reason });
  expect(resumed).toMatchObject({ status: 200, document: { resumed: 1, runs: [] } });
  expect(await both.cli(args)).toMatchObject({ status: 0, document: { result: { outcome: 'unchanged' } } });
});

test('a reconciliation whose source says wait while a child workflow fetches: the command ends as busy', async () => {
  const [person] = [...both.control.all('people')];
  await both.engine.db.raw('delete from planning_center_people where external_id = ?', [person?.id ?? '']);
  both.control.addFault({ match: `/people/${person?.id}`, count: 1, fault: hour });
  expect(await both.cli(['reconcile', 'demo', 'people'])).toMatchObject({ status: 3, document: { state: 'running' } });
  const status = await both.http('GET', '/api/status');
  const wait = { until: expect.any(String), because: expect.stringContaining('Retry-After: 3600') };
  expect(status.document).toMatchObject({ connections: [{ id: 'demo', wait }] });
  expect(await both.cli(['resume', 'demo', '--reason', reason])).toMatchObject({ status: 0, document: { resumed: 1 } });
  await until(async () => (await running()).length === 0);
  await expectEqual(both.engine, both.control);
  expect((await both.http('GET', '/api/status')).document).toMatchObject({ connections: [{ id: 'demo', wait: null }] });
});

test('a delta whose source says wait: the command ends as busy, and cancel ends the run', async () => {
  both.control.addFault({ match: '/people', count: 1, fault: hour });
  const sync = ['sync', 'demo', 'people', '--full'];
  expect(await both.cli(sync)).toMatchObject({ status: 3, document: { outcomes: [{ state: 'running' }] } });
  const [run] = await running();
  expect(await both.cli(sync)).toMatchObject({
    status: 3,
    document: { error: { type: 'AlreadyRunning', message: expect.stringContaining('Retry-After: 3600') } },
  });
  const cancelled = await both.cli(['cancel', run ?? '', '--reason', reason]);
  expect(cancelled).toMatchObject({ status: 0, document: { runId: run, status: 'cancelled' } });
  expect(await running()).toEqual([]);
  expect(await both.cli(['resume', 'demo', '--reason', reason])).toMatchObject({
    status: 0,
    document: { wait: { because: expect.stringContaining('Retry-After: 3600') } },
  });
  // the workflow of the cancelled run ends by itself
  await until(async () => (await both.cli(sync)).status === 0);
  await expectEqual(both.engine, both.control);
});
