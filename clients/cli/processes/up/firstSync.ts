import { getCursor } from '../../../../destination/runs/cursors';
import { runningRun } from '../../../../destination/runs/runs';
import { TidemarkError } from '../../../../schema/errors';
import type { DeltaSyncInput, RunResult, Target } from '../../../../schema/workflows';
import { startWorkflow } from '../../../temporal/start';
import { delta } from '../../../temporal/workflows';
import { type Followed, follow } from '../../terminal/follow';
import type { Shell } from '../../terminal/shell';
import { failedReport, type RunReport } from '../../text/parts/outcomes';
import type { Up } from './bringUp';

/** Syncs what of the demo, and of connections made just now, was never synced, and waits for it; a first sync that an earlier `up` began goes on. */
export async function firstSync(shell: Shell, up: Up, stop: AbortSignal): Promise<RunReport[]> {
  const { db, client } = up;
  const followed: { readonly target: Target; readonly name: string; readonly handle: Followed<RunResult>['handle'] }[] =
    [];
  for (const target of targetsOf(up)) {
    if ((await getCursor(db, target)) !== null) continue;
    const handle = await startedOrRunning(up, target);
    if (handle) followed.push({ target, name: `first sync of ${target.entity}`, handle });
  }
  if (followed.length === 0) return [];
  const ends = await follow(shell, client, followed, stop);
  return followed.flatMap(({ target }, index) => {
    const end = ends[index];
    if (end === undefined) return [];
    return 'result' in end ? [end.result] : [failedReport(target, end.error)];
  });
}

function targetsOf({ demo, made, config }: Up): Target[] {
  const entitiesOf = (connectionId: string, connector: string) =>
    [...(config.connectors.find(({ name }) => name === connector)?.entities.values() ?? [])].flatMap(
      ({ name: entity, importOnly }) => (importOnly ? [] : [{ connectionId, entity }]),
    );
  return [
    ...(demo === undefined ? [] : entitiesOf(demo.connectionId, 'planning_center')),
    // named like their connector
    ...made.flatMap((id) => entitiesOf(id, id)),
  ];
}

/** Undefined when the schedule's own run has ended since. */
async function startedOrRunning(
  { db, client }: Up,
  target: Target,
): Promise<Followed<RunResult>['handle'] | undefined> {
  try {
    return (await startWorkflow({ db, client }, delta, { ...target, trigger: 'cli' })).handle;
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.type !== 'AlreadyRunning') throw error;
    const run = await runningRun(db, target, 'delta');
    return (
      run && client.workflow.getHandle<(input: DeltaSyncInput) => Promise<RunResult>>(run.workflowId, run.workflowRunId)
    );
  }
}
