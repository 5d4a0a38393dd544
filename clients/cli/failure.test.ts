import { ActivityFailure, ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import { CommanderError } from 'commander';
import { type ErrorType, TidemarkError } from '../../schema/errors';
import { failureOf } from './failure';
import { failedReport, reportText, statusOf } from './text/parts/outcomes';

test.each<[ErrorType, number]>([
  ['Usage', 2],
  ['NotFound', 2],
  ['AlreadyRunning', 3],
  ['CredentialsRefused', 1],
  ['SourceUnavailable', 1],
  ['DestinationUnavailable', 1],
  ['EmbeddedUnavailable', 1],
])('%s ends with status %i', (type, status) => {
  expect(failureOf(new TidemarkError(type, 'why'))).toMatchObject({ status, type, message: 'why' });
});

test("commander's own errors are bad usage, and its --help is none", () => {
  expect(failureOf(new CommanderError(1, 'commander.unknownOption', 'x')).status).toBe(2);
  expect(failureOf(new CommanderError(0, 'commander.help', 'x')).status).toBe(0);
});

test('what nobody foresaw is one line and says how to see more', () => {
  const failure = failureOf(new Error('first line\nsecond line'));
  expect(failure).toMatchObject({ status: 1, type: 'Unknown', message: 'first line' });
  expect(failure.hint).toContain('LOG_LEVEL=debug');
});

test("an error of PostgreSQL comes in PostgreSQL's words, without the statement", () => {
  const refused = Object.assign(new Error('select secret from things - terminating connection'), { code: '57P01' });
  expect(failureOf(refused)).toMatchObject({ status: 1, type: 'DestinationUnavailable' });
  const other = Object.assign(new Error('select 1 from x - relation "x" does not exist'), { code: '42P01' });
  expect(failureOf(other)).toMatchObject({ type: 'Unknown', message: 'relation "x" does not exist' });
});

/** As Temporal's client throws it for a workflow whose activity failed for good. */
function workflowFailure(type: string, message: string): WorkflowFailedError {
  const application = ApplicationFailure.nonRetryable(message, type);
  const activity = new ActivityFailure('Activity task failed', 'pull', '1', 'NON_RETRYABLE_FAILURE', 'w', application);
  return new WorkflowFailedError('Workflow execution failed', activity, 'NON_RETRYABLE_FAILURE');
}

test('a run that failed is told by the type and the words that came over the wire', () => {
  const failure = failureOf(workflowFailure('SourceUnavailable', 'the source says 503'));
  expect(failure).toMatchObject({ status: 1, type: 'SourceUnavailable', message: 'the source says 503' });
  expect(failure.hint).toContain('tidemark connections');
  const report = failedReport({ connectionId: 'demo', entity: 'people' }, workflowFailure('ContractBroken', 'no list'));
  expect(report).toMatchObject({ outcome: 'failed', connectionId: 'demo', entity: 'people' });
  expect(reportText(report)).toBe('demo/people failed (ContractBroken): no list');
});

test('of several runs the worst decides: failed before busy before done', () => {
  const target = { connectionId: 'demo', entity: 'people' };
  const started = { ...target, outcome: 'started', workflowId: 'w' } as const;
  const busy = failedReport(target, new TidemarkError('AlreadyRunning', 'on'));
  const failed = failedReport(target, new TidemarkError('ContractBroken', 'no'));
  expect([[started], [started, busy], [busy, failed, started]].map(statusOf)).toEqual([0, 3, 1]);
});
