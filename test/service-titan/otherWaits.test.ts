import { serviceTitan } from '../../connectors/service-titan/connector';
import { firstCustomerId } from '../../connectors/service-titan/simulator';
import { type RunResult, workflowNames } from '../../schema/workflows';
import { quick } from '../support/quick';
import { until } from '../support/server';
import { startApi, startWorkspace, tenant } from './workspace';

/** Each workspace has limits of its own: one that is asked to wait keeps no other waiting. */

jest.setTimeout(120_000);
const other = '700000001';
const noted = String(firstCustomerId + 7);

test.each([
  [
    'in the title',
    { status: 429, body: JSON.stringify({ title: 'Rate limit is exceeded. Try again in 3600 seconds.' }) },
  ],
  ['in the header', { status: 429, headers: { 'Retry-After': '3600' } }],
] as const)('one workspace is asked %s to wait for an hour, and the other goes on', async (_where, refusal) => {
  const { retryAfter } = serviceTitan.rateLimit ?? {};
  const rateLimit = { requests: 1_000, per: '1s', concurrency: 4, ...(retryAfter && { retryAfter }) };
  const workspace = await startWorkspace({
    customers: 40,
    others: { [other]: 60 },
    connector: { ...quick(serviceTitan), rateLimit },
  });
  const { control, engine } = workspace;
  await workspace.connect('second', other);
  for (const connection of ['demo', 'second']) await workspace.delta(connection, 'customers');
  for (const one of [tenant, other]) control.note(one, noted);
  control.addFault({ match: `tenant/${other}`, fault: { kind: 'status', ...refusal } });
  const input = { connectionId: 'second', entity: 'customers', full: false, trigger: 'api' };
  const waiting = await engine.start<RunResult>(workflowNames.deltaSync, input);
  const run = () => engine.db('tidemark.runs').where({ connection_id: 'second' }).orderBy('id', 'desc').first();
  // waiting for its next attempt, which is not under way
  const attempt = async () => (await waiting.describe()).raw.pendingActivities?.[0];
  await until(async () => (await attempt())?.attempt === 2 && (await attempt())?.state === 1);

  const first = await workspace.delta('demo', 'customers');
  expect([first.outcome, first.counts.updated]).toEqual(['succeeded', 1]);
  expect(await run()).toMatchObject({ status: 'running', waiting_reason: expect.stringContaining('429') });
  const blocked = await engine.db('tidemark.budgets').whereRaw('blocked_until > clock_timestamp()').select('account');
  expect(blocked).toEqual([{ account: 'second' }]);

  control.clearFaults();
  const ask = await startApi(workspace);
  expect((await ask('POST /api/connections/second/resume', { reason: 'a test' })).status).toBe(200);
  const second = await waiting.result();
  expect([second.outcome, second.counts.updated]).toEqual(['succeeded', 1]);
});
