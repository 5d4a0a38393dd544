import type { ReconciliationResult, RunResult, Target } from '../../../../schema/workflows';
import { remoteFailure } from '../../../temporal/remoteFailure';
import { type ExitStatus, exitStatus, type Failure, failureOf } from '../../failure';
import { countsText, plural } from '../../terminal/phrases';

/** How one run that a command started, or could not start, came out. */
export type RunReport =
  | (Target & { readonly outcome: 'started'; readonly workflowId: string })
  | RunResult
  | (Target & { readonly outcome: 'failed' | 'already-running'; readonly error: Omit<Failure, 'status'> });

/** The report of a run that failed, or that was not started. */
export function failedReport(target: Target, error: unknown): RunReport {
  const { status, ...failure } = failureOf(error);
  const { connectionId, entity } = target;
  return {
    connectionId,
    entity,
    outcome: status === exitStatus.busy ? 'already-running' : 'failed',
    error: endedAs(error, failure),
  };
}

/** Temporal's own words for workflows that did not end by themselves say little; ours come from the kind of failure. */
function endedAs(error: unknown, failure: Omit<Failure, 'status'>): Omit<Failure, 'status'> {
  if (remoteFailure(error)) return failure;
  const cause = error instanceof Error ? error.cause : undefined;
  const name = cause instanceof Error ? cause.name : '';
  const what = { CancelledFailure: 'was cancelled', TerminatedFailure: 'was terminated', TimeoutFailure: 'timed out' }[
    name
  ];
  if (what !== undefined) return { ...failure, message: `The run ${what} in Temporal.`, hint: undefined };
  return cause instanceof Error ? { ...failure, message: cause.message } : failure;
}

/** The worst of several: failed, else busy or waiting, else done. */
export function statusOf(reports: readonly RunReport[]): ExitStatus {
  const statuses = reports.map((report) =>
    nothingLanded(report) ? exitStatus.failed : statusOfOutcome[report.outcome],
  );
  return statuses.includes(exitStatus.failed)
    ? exitStatus.failed
    : statuses.includes(exitStatus.busy)
      ? exitStatus.busy
      : exitStatus.done;
}

const statusOfOutcome: Readonly<Record<RunReport['outcome'], ExitStatus>> = {
  started: exitStatus.done,
  succeeded: exitStatus.done,
  waiting: exitStatus.busy,
  'already-running': exitStatus.busy,
  disabled: exitStatus.failed,
  'needs-credentials': exitStatus.failed,
  failed: exitStatus.failed,
};

/** One line, or a few, about how a run came out. */
export function reportText(report: RunReport): string {
  const name = `${report.connectionId}/${report.entity}`;
  if ('error' in report) {
    const { type, message, hint } = report.error;
    const what = report.outcome === 'already-running' ? 'is already running' : `failed (${type})`;
    return [`${name} ${what}: ${message}`, ...(hint ? [`  ${hint}`] : [])].join('\n');
  }
  switch (report.outcome) {
    case 'started':
      return `${name} started.`;
    case 'already-running':
      return `${name} is already running; nothing was done.`;
    case 'disabled':
      return `${name} was not synced: its connection is disabled.`;
    case 'needs-credentials':
      return `${name} was not synced: its connection needs credentials. 'tidemark connections show ${report.connectionId}' says why.`;
    default:
      return `${name} ${landedText(report)}: ${resultText(report)}`;
  }
}

/** Whether a run that succeeded set records aside and wrote, or found unchanged, none: an exit status of 0 would hide that. */
export function nothingLanded(report: RunReport): boolean {
  if (!('counts' in report) || report.outcome !== 'succeeded') return false;
  const { inserted, updated, unchanged, deleted, refused, errors } = report.counts;
  return errors > 0 && inserted + updated + unchanged + deleted + refused === 0;
}

function landedText(report: RunResult): string {
  if (report.outcome === 'waiting') return 'waits for approval';
  if (!nothingLanded(report)) return 'synced';
  const { connectionId, entity } = report;
  return `wrote nothing, since every record was set aside (tidemark set-aside list ${connectionId} ${entity} shows why)`;
}

function resultText(report: RunResult): string {
  const found = isReconciliation(report) ? reconciliationText(report) : countsText(report.counts);
  return `${found}; ${plural(report.pages, 'page')}, run ${report.runId}`;
}

function isReconciliation(report: RunResult): report is ReconciliationResult {
  return 'scanned' in report;
}

function reconciliationText(report: ReconciliationResult): string {
  const { scanned, missing, stale, gone, unlisted, deleted, dryRun, reason, proposedLookback, held = [] } = report;
  const found = `the source lists ${plural(scanned, 'record')}; missing here ${missing}, stale ${stale}, gone there ${gone}${unlisted > 0 ? `, not listed but received recently ${unlisted}` : ''}`;
  const done = dryRun
    ? 'dry run, nothing written'
    : `${deleted} soft-deleted, ${report.counts.inserted + report.counts.updated} written`;
  const how = Object.entries(report.causes).map(([cause, count]) => `${count} ${cause}`);
  const why = how.length === 0 ? '' : `; how they came about: ${how.join(', ')}`;
  const lookback =
    proposedLookback === null ? '' : `; a lookback of ${proposedLookback} would have seen what came late`;
  const waiting =
    held.length === 0
      ? ''
      : `; of partitions, ${plural(held.length, 'plan')} ${held.length === 1 ? 'waits' : 'wait'} for approval (${held.join(', ')})`;
  return `${found}; ${done}${waiting}${reason === null ? '' : ` (${reason})`}${why}${lookback}`;
}
