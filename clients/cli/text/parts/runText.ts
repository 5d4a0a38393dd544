import type { ResultOf } from '../../../operations/definition/operation';
import type { runsShow } from '../../../operations/runs';
import { countsText, plural } from '../../terminal/phrases';

type RunDetails = ResultOf<typeof runsShow>;

/** One run with all that is known of it, for people. */
export function runText(run: RunDetails): string {
  return [
    headline(run),
    ...(run.strategy === 'delta' || Object.values(run.counts).some((count) => (count ?? 0) > 0)
      ? [`  ${countsText(run.counts)}`]
      : []),
    `  started ${run.startedAt.toISOString()} by ${run.trigger}, ${run.endedAt === null ? 'on for' : 'took'} ${seconds(run.tookMs)}; ${plural(run.pages, 'page')}, ${plural(run.requests, 'request')}`,
    ...waitText(run),
    ...cursorText(run),
    ...run.parts.map(partText),
    ...planText(run),
    ...deletedText(run),
    ...run.setAside.map(
      ({ reason, open }) =>
        `  ${plural(open, 'record')} set aside as ${reason}, still: tidemark set-aside list ${run.connectionId} ${run.entity} --because ${reason}`,
    ),
    ...(run.error === null ? [] : [`  ${run.errorType}: ${run.error}`]),
    `  workflow ${run.workflowId}, run ${run.workflowRunId}`,
  ].join('\n');
}

function waitText({ id, connectionId, waitingUntil, waitingReason }: RunDetails): string[] {
  if (waitingUntil === null) return [];
  return [
    `  waits until ${waitingUntil.toISOString()}: ${waitingReason}`,
    `  to go on now: tidemark resume ${connectionId} --reason "..."; to end it: tidemark cancel ${id} --reason "..."`,
  ];
}

function headline({ id, connectionId, entity, strategy, state, full, dryRun }: RunDetails): string {
  const kind = `${strategy}${full ? ' over everything' : ''}${dryRun ? ', dry' : ''}`;
  return `Run ${id}: ${kind} of ${connectionId}/${entity}, ${state}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function cursorText({ strategy, cursorBefore, cursorAfter }: RunDetails): string[] {
  if (strategy !== 'delta') return [];
  const from = cursorBefore?.toISOString() ?? 'none';
  return [`  cursor ${from} ${cursorAfter === null ? '(not moved)' : `→ ${cursorAfter.toISOString()}`}`];
}

function partText({
  step,
  partition,
  pages,
  records,
  requests,
  done,
  failingWith,
}: RunDetails['parts'][number]): string {
  const name = partition === '' ? step : `${step} of ${partition}`;
  const failing = failingWith === null ? '' : `; the source fails: ${failingWith}`;
  return `  ${name}: ${plural(pages, 'page')}, ${plural(records, 'record')}, ${plural(requests, 'request')}${done ? '' : ', not finished'}${failing}`;
}

function planText({ plan }: RunDetails): string[] {
  if (plan === null) return [];
  const found = `missing here ${plan.missing}, stale ${plan.stale}, gone there ${plan.gone}, unlisted ${plan.unlisted}, of ${plural(plan.liveRows, 'live row')}`;
  const became = plan.items.map(({ difference, outcome, count }) => `    ${difference}: ${count} ${outcome}`);
  const why = plan.reason === null ? '' : ` (${plan.reason})`;
  const decided = plan.decidedBy === null ? [] : [`    decided by ${plan.decidedBy}: ${plan.decisionReason ?? ''}`];
  return [`  plan ${plan.id} ${plan.status}${why}: ${found}`, ...became, ...decided];
}

function deletedText({ id, deletedIds, counts, plan }: RunDetails): string[] {
  const deleted = Math.max(counts.deleted ?? 0, plan?.deleted ?? 0, deletedIds.length);
  if (deleted === 0) return [];
  const more = deleted > deletedIds.length ? ` and ${deleted - deletedIds.length} more (--deleted <n> shows more)` : '';
  const undo =
    plan !== null && plan.deleted > 0 && plan.status !== 'undone' ? `; tidemark undo ${id} brings them back` : '';
  return [`  soft-deleted ${plural(deleted, 'row')}: ${deletedIds.join(', ')}${more}${undo}`];
}
