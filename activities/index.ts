import type { ActivityDeps } from './deps';
import { withFailures } from './failure';
import { lookActivities } from './look';
import { targetOpener } from './openTarget';
import { planActivities } from './plan';
import { probeActivities } from './probe';
import { pullActivities } from './pull';
import { recordActivities } from './records';
import { runActivities } from './runs';
import { scanActivities } from './scan';
import { sweepActivities } from './sweep';

/** Everything that workflows can have done. Their names stand in histories: a public API. */
export function createActivities(deps: ActivityDeps) {
  const openTarget = targetOpener(deps);
  return withFailures(
    {
      ...runActivities(deps, openTarget),
      ...pullActivities(deps, openTarget),
      ...scanActivities(deps, openTarget),
      ...planActivities(deps, openTarget),
      ...recordActivities(deps, openTarget),
      ...sweepActivities(deps),
      ...lookActivities(deps, openTarget),
      ...probeActivities(deps, openTarget),
    },
    (activity, error, failure) =>
      deps.log.warn({ activity, failure: failure.message, err: error }, 'an activity attempt failed'),
  );
}

export type Activities = ReturnType<typeof createActivities>;
