import { deferredBy } from './attempt/deferral';
import { auditMappingActivities } from './checks/auditMapping';
import { firstPageActivities } from './checks/firstPage';
import { lookActivities } from './checks/look';
import { probeActivities } from './checks/probe';
import { verifyActivities } from './checks/verify';
import { pullActivities } from './delta/pull';
import type { ActivityDeps } from './deps';
import { withFailures } from './failure';
import { importActivities } from './imports/importFile';
import { targetOpener } from './openTarget';
import { deletionActivities } from './reconciliation/confirmDeletions';
import { drawPlanActivities } from './reconciliation/drawPlan';
import { finishActivities } from './reconciliation/finish';
import { scanActivities } from './reconciliation/scan';
import { scanRelatedActivities } from './reconciliation/scanRelated';
import { recordActivities } from './records/records';
import { remapActivities } from './remap';
import { runActivities } from './runs';
import { sweepActivities } from './sweep';
import { touchActivities } from './touch';

/** Everything that workflows can have done. Their names stand in histories: a public API. */
export function createActivities(deps: ActivityDeps) {
  const openTarget = targetOpener(deps);
  return withFailures(
    {
      ...runActivities(deps, openTarget),
      ...pullActivities(deps, openTarget),
      ...scanActivities(deps, openTarget),
      ...scanRelatedActivities(deps, openTarget),
      ...drawPlanActivities(deps, openTarget),
      ...deletionActivities(deps, openTarget),
      ...finishActivities(deps, openTarget),
      ...recordActivities(deps, openTarget),
      ...sweepActivities(deps),
      ...lookActivities(deps, openTarget),
      ...firstPageActivities(deps, openTarget),
      ...probeActivities(deps, openTarget),
      ...auditMappingActivities(deps, openTarget),
      ...verifyActivities(deps, openTarget),
      ...remapActivities(deps, openTarget),
      ...touchActivities(deps, openTarget),
      ...importActivities(deps, openTarget),
    },
    (input, error) => deferredBy(deps, input, error),
    (activity, input, error, failure) =>
      deps.log.warn({ activity, ...about(input), failure: failure.message, err: error }, 'an activity attempt failed'),
  );
}

/** What an activity's input names, for its log line. */
function about(input: unknown): { connection?: string; entity?: string; run?: string } {
  const { connectionId, entity, runId } = input as { connectionId?: string; entity?: string; runId?: string };
  return {
    ...(connectionId === undefined ? {} : { connection: connectionId }),
    ...(entity === undefined ? {} : { entity }),
    ...(runId === undefined ? {} : { run: runId }),
  };
}

export type Activities = ReturnType<typeof createActivities>;
