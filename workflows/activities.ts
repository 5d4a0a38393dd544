import {
  ActivityCancellationType,
  type ActivityOptions,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { Activities } from '../activities';

/** Which of a run's listings a scan reads. */
export type ScanStep = Parameters<Activities['scan']>[0]['step'];

/** What a pull has read. */
export type Pulled = Awaited<ReturnType<Activities['pull']>>;

/** A run that was claimed, or why it was not. */
export type ClaimedRun = Awaited<ReturnType<Activities['claimRun']>>;

/**
 * Retries have no maximum, because a wait that the source asks for must not use them up. An error that retrying cannot fix
 * is a non-retryable failure, and the activity itself gives up on a source that stays unreachable. The pause
 * grows with the attempts even if each made progress; longer ones than this let webhooks pile up in the soak.
 */
const retry: ActivityOptions['retry'] = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '15s' };

/** Short work on the destination. */
export const shortRunning = proxyActivities<Activities>({ startToCloseTimeout: '30s', retry });

/**
 * Claims a run, and may read a little for it. A cancelled workflow waits for the result: a run that was claimed
 * and is never ended would keep its place until its lease has expired.
 */
export const claiming = proxyActivities<Activities>({
  startToCloseTimeout: '30s',
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry,
});

/** Work through a listing or over millions of rows, for hours. A worker that dies is noticed within seconds. */
export const longRunning = proxyActivities<Activities>({ startToCloseTimeout: '24h', heartbeatTimeout: '10s', retry });

/**
 * One quick attempt within the workflow task, which saves the two hops through the server that are most of a webhook's
 * latency. If it fails, an ordinary activity follows.
 */
export const local = proxyLocalActivities<Activities>({ startToCloseTimeout: '8s', retry: { maximumAttempts: 1 } });

/** What an operator waits for: one attempt, in which the API client repeats what a short fault broke. Its error is the result. */
export const singleAttempt = proxyActivities<Activities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: '10s',
  retry: { maximumAttempts: 1 },
});
