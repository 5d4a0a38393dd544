import type { Logger } from 'pino';
import type { Run } from '../destination/runs/runs';
import type { Counts } from '../schema/answer';
import type { Target } from '../schema/workflows';

/** What a worker counts while it works. Each is called after the fact is committed, so a killed worker may miss the last. */
export interface Metrics {
  /** a batch was written */
  rows(target: Target, counts: Readonly<Counts>): void;
  /** the source answered a request with this status; null: it did not answer */
  request(connectionId: string, status: number | null): void;
  runEnded(run: Run): void;
}

/** For workers whose metrics are not collected. */
export const noMetrics: Metrics = { rows: nothing, request: nothing, runEnded: nothing };

function nothing(): void {}

/** Reports that a run has ended: in the log and in the metrics. */
export function runEnded({ log, metrics }: { readonly log: Logger; readonly metrics: Metrics }, run: Run): void {
  const { connectionId: connection, entity, id, strategy, status, counts, pages, errorType } = run;
  const failed = status !== 'succeeded' && status !== 'waiting';
  log[failed ? 'warn' : 'info'](
    { connection, entity, run: id, strategy, status, errorType, counts, pages },
    'run ended',
  );
  metrics.runEnded(run);
}
