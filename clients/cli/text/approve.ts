import type { ApplyPlanResult } from '../../../schema/workflows';
import type { approve } from '../../operations/plans';
import { exitStatus } from '../failure';
import { statusOfOutcomes } from '../runOperation';
import { plural } from '../terminal/phrases';
import { type Outcome, view } from '../view';
import { failureText } from './parts/runOutcome';

const applied = ({ state, result }: Outcome) => (state === 'done' ? (result as unknown as ApplyPlanResult) : undefined);

export const views = {
  approve: view<typeof approve>({
    text: ({ workflowId }, { input: { plan } }) =>
      `Plan ${plan} is being applied.\nNext: tidemark outcome ${workflowId} --wait 30`,
    ended: ([one], { input: { plan } }) => (one === undefined ? '' : appliedText(plan, one)),
    endedStatus: (outcomes) =>
      outcomes.some((one) => (applied(one)?.reason ?? null) !== null) ? exitStatus.busy : statusOfOutcomes(outcomes),
  }),
};

function appliedText(plan: string, one: Outcome): string {
  const result = applied(one);
  if (result === undefined) return `Plan ${plan} ${failureText(one)}`;
  const { outcome, deleted, reason, runId, connectionId, entity } = result;
  if (outcome === 'already-running') {
    return `Plan ${plan} is approved, but a reconciliation of ${connectionId}/${entity} is running (run ${runId}): approve it again when that has ended.`;
  }
  return reason === null
    ? `Plan ${plan} applied: ${plural(deleted, 'row')} soft-deleted, run ${runId}.\nNext: tidemark undo ${runId} --reason "..." brings them back`
    : `Plan ${plan} deleted nothing: ${reason}`;
}
