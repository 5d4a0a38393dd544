import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/workflow';
import { errorTypes } from '../schema/errors';
import { describeFailure } from './failures';

const ofActivity = (cause: Error) =>
  new ActivityFailure('the activity failed', 'pull', '1', 'NON_RETRYABLE_FAILURE', 'worker', cause);

test.each([
  [
    'what was raised on purpose keeps its type',
    ofActivity(ApplicationFailure.nonRetryable('no', 'ContractBroken')),
    'ContractBroken',
  ],
  ['a type that is not ours', ofActivity(ApplicationFailure.nonRetryable('no', 'TypeError')), 'Unexpected'],
  ['a failure without a type', ApplicationFailure.nonRetryable('no'), 'Unexpected'],
  ['a name that every object has', ApplicationFailure.nonRetryable('no', 'constructor'), 'Unexpected'],
  ['an activity that timed out', ofActivity(new TimeoutFailure('late', undefined, 'START_TO_CLOSE')), 'Unexpected'],
  ['a defect in a workflow', new RangeError('out of range'), 'Unexpected'],
  ['a cancelled run', new CancelledFailure('enough'), 'Cancelled'],
  ['an activity of a cancelled run', ofActivity(new CancelledFailure('enough')), 'Cancelled'],
])('runs.error_type is one of the listed types: %s', (_name, error, type) => {
  const described = describeFailure(error);
  expect(described.type).toBe(type);
  expect(Object.keys(errorTypes)).toContain(described.type);
});

test('an unexpected failure keeps its name in the message', () => {
  expect(describeFailure(new RangeError('out of range')).message).toBe('RangeError: out of range');
});
