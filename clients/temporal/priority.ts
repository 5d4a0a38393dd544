import type { Priority as TemporalPriority } from '@temporalio/common';
import type { Priority } from '../../schema/ports';

/** Webhooks go before deltas, deltas before reconciliations, those before backfills; 1 is first, Temporal's default is 3. */
const keys: Readonly<Record<Priority, number>> = { webhook: 1, delta: 2, reconciliation: 4, backfill: 5 };

/**
 * Whose task a worker takes first, and that no connection keeps the others waiting. Needs `matching.useNewMatcher` and
 * `matching.enableFairness` in server 1.29; ignored where they are off.
 */
export function workflowPriority(priority: Priority, connectionId: string): TemporalPriority {
  // a connection's id holds at most 63 ASCII characters; a fairness key may have 64 bytes
  return { priorityKey: keys[priority], fairnessKey: connectionId };
}
