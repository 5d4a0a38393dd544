import type { Client } from '@temporalio/client';
import type { RunResult, Target } from '../../schema/workflows';
import { type Followed, follow } from './terminal/follow';
import type { Shell } from './terminal/shell';
import { failedReport, type RunReport } from './text/outcomes';

export interface RunAll {
  readonly client: Client;
  readonly targets: readonly Target[];
  readonly start: (target: Target) => Promise<Followed<RunResult>['handle']>;
  /** false: only start them */
  readonly wait: boolean;
}

/** Starts a run for each target and, where wanted, waits for all. A target that is busy does not stop the others. */
export async function runAll(shell: Shell, { client, targets, start, wait }: RunAll): Promise<RunReport[]> {
  const busy: RunReport[] = [];
  const started: { readonly target: Target; readonly name: string; readonly handle: Followed<RunResult>['handle'] }[] =
    [];
  for (const target of targets) {
    try {
      started.push({ target, name: `${target.connectionId}/${target.entity}`, handle: await start(target) });
    } catch (error) {
      const report = failedReport(target, error);
      if (report.outcome !== 'already-running') throw error;
      busy.push(report);
    }
  }
  if (!wait) {
    const reports = started.map(({ target, handle }) => ({
      ...target,
      outcome: 'started' as const,
      workflowId: handle.workflowId,
    }));
    return [...busy, ...reports];
  }
  const ends = started.length === 0 ? [] : await follow(shell, client, started);
  const reports = started.map(({ target }, index): RunReport => {
    const end = ends[index];
    if (end === undefined) throw new Error(`the run of ${target.connectionId}/${target.entity} was not followed`);
    return 'result' in end ? end.result : failedReport(target, end.error);
  });
  return [...busy, ...reports];
}
