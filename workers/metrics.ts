import { Counter, collectDefaultMetrics, Registry } from 'prom-client';
import type { Metrics } from '../activities/metrics';

/** Counts since this worker started, for Prometheus, which adds up several workers. */
export function createWorkerMetrics(): { readonly metrics: Metrics; readonly registry: Registry } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const rows = new Counter({
    ...{ name: 'tidemark_rows_total', registers, labelNames: ['connection', 'entity', 'outcome'] },
    help: 'Answers of the source by outcome: inserted, updated, unchanged, refused, disputed, deleted, skipped, errors',
  });
  const requests = new Counter({
    ...{ name: 'tidemark_source_requests_total', registers, labelNames: ['connection', 'status'] },
    help: 'Requests sent to the source by the status of the response; none: no response',
  });
  const runs = new Counter({
    ...{ name: 'tidemark_runs_total', registers, labelNames: ['connection', 'entity', 'strategy', 'status'] },
    help: 'Runs that ended on this worker, by status',
  });
  const runSeconds = new Counter({
    ...{ name: 'tidemark_run_seconds_total', registers, labelNames: ['connection', 'entity', 'strategy'] },
    help: 'Total duration of the runs that ended on this worker, in seconds',
  });
  const metrics: Metrics = {
    rows({ connectionId: connection, entity }, counts) {
      for (const [outcome, count] of Object.entries(counts)) {
        if (count > 0) rows.inc({ connection, entity, outcome }, count);
      }
    },
    request: (connection, status) => requests.inc({ connection, status: status ?? 'none' }),
    runEnded({ connectionId: connection, entity, strategy, status, startedAt, endedAt }) {
      runs.inc({ connection, entity, strategy, status });
      if (endedAt !== null) {
        runSeconds.inc({ connection, entity, strategy }, Math.max(0, endedAt.getTime() - startedAt.getTime()) / 1000);
      }
    },
  };
  return { metrics, registry };
}
