import type { ApplyPlanResult } from '../../../schema/workflows';
import type { ResultOf } from '../../operations/definition/operation';
import type { approve, plans, plansShow, reject } from '../../operations/plans';
import { exitStatus } from '../failure';
import { statusOfOutcomes } from '../runOperation';
import { plural } from '../terminal/phrases';
import { table } from '../terminal/table';
import { type Outcome, view } from '../view';
import { failureText } from './parts/runOutcome';

const applied = ({ state, result }: Outcome) => (state === 'done' ? (result as unknown as ApplyPlanResult) : undefined);

export const views = {
  plans: view<typeof plans>({
    text: ({ plans: found }, { colours }) =>
      found.length === 0
        ? 'No plan waits for a decision.'
        : table(
            colours,
            ['plan', 'connection', 'entity', 'about', 'live rows', 'share', 'expires', 'reason'],
            found.map(
              ({ id, connectionId, entity, about, stale, gone, unlisted, liveRows, ratio, expiresAt, reason }) => [
                id,
                connectionId,
                entity,
                aboutText({ about, stale, gone, unlisted }),
                liveRows,
                `${(ratio * 100).toFixed(1)} %`,
                expiresAt.toISOString(),
                reason,
              ],
            ),
          ),
  }),
  'plans show': view<typeof plansShow>({ text: planText }),
  approve: view<typeof approve>({
    text: ({ workflowId }, { input: { plan } }) =>
      `Plan ${plan} is being applied.\nNext: tidemark outcome ${workflowId} --wait 30`,
    ended: ([one], { input: { plan } }) => (one === undefined ? '' : appliedText(plan, one)),
    endedStatus: (outcomes) =>
      outcomes.some((one) => (applied(one)?.reason ?? null) !== null) ? exitStatus.busy : statusOfOutcomes(outcomes),
  }),
  reject: view<typeof reject>({
    text: ({ id, connectionId, entity, about, stale, gone, unlisted }) =>
      about === 'related'
        ? `Plan ${id} of ${connectionId}/${entity} rejected: ${plural(stale, 'row')} keep their related records.`
        : `Plan ${id} of ${connectionId}/${entity} rejected: ${plural(gone + unlisted, 'row')} stay.`,
  }),
};

function aboutText({
  about,
  stale,
  gone,
  unlisted,
}: Pick<ResultOf<typeof plansShow>, 'about' | 'stale' | 'gone' | 'unlisted'>): string {
  if (about === 'related') return `fewer related of ${stale}`;
  if (about === 'replaced') return `${plural(gone, 'line')} that their day no longer lists`;
  if (about === 'excluded') return `${plural(gone, 'row')} excluded`;
  return about === 'skipped' ? `${plural(gone, 'row')} left out` : plural(gone + unlisted, 'deletion');
}

function planText(plan: ResultOf<typeof plansShow>): string {
  const { id, connectionId, entity, status, gone, unlisted, missing, stale, liveRows, sample, items, reason } = plan;
  return [
    `Plan ${id} of ${connectionId}/${entity}: ${status}${reason === null ? '' : ` (${reason})`}`,
    `  gone there ${gone}, unlisted ${unlisted}, missing here ${missing}, stale ${stale}, of ${plural(liveRows, 'live row')}`,
    ...items.map(({ difference, outcome, count }) => `    ${difference}: ${count} ${outcome}`),
    ...(sample.length === 0 ? [] : [`  such as ${sample.join(', ')}`]),
    ...(status === 'waiting'
      ? [`Next: tidemark approve ${id} --reason "..." applies it, tidemark reject ${id} --reason "..." ends it`]
      : []),
  ].join('\n');
}

function appliedText(plan: string, one: Outcome): string {
  const result = applied(one);
  if (result === undefined) return `Plan ${plan} ${failureText(one)}`;
  const { outcome, deleted, reason, runId, connectionId, entity } = result;
  if (outcome === 'already-running') {
    return `Plan ${plan} is approved, but a reconciliation of ${connectionId}/${entity} is running (run ${runId}): approve it again when that has ended.`;
  }
  if (reason === null && deleted === 0)
    return `Plan ${plan} applied: nothing was deleted, run ${runId}.\nNext: tidemark runs show ${runId}`;
  return reason === null
    ? `Plan ${plan} applied: ${plural(deleted, 'row')} soft-deleted, run ${runId}.\nNext: tidemark undo ${runId} --reason "..." brings them back`
    : `Plan ${plan} deleted nothing: ${reason}`;
}
