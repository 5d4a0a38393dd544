import { Context } from '@temporalio/activity';
import { prune } from '../destination/cleanup/retention';
import { openTargets } from '../destination/inbox/inbox';
import { removeOldPauses } from '../destination/inbox/inboxPauses';
import { targetsWithDueOwed } from '../destination/owed/owed';
import { connectionsWithDueDisputes } from '../destination/rows/disputes';
import { tableExists } from '../destination/rows/tables';
import { runsWithoutLease } from '../destination/runs/runs';
import { resumedLately } from '../destination/runs/waits';
import { retention } from '../schema/definition/retention';
import { parseDuration } from '../schema/duration';
import type { Target } from '../schema/workflows';
import { alive } from './attempt/liveness';
import { goOnAfterResume } from './attempt/tryNow';
import type { ActivityDeps } from './deps';
import { derive } from './derive';
import { readRelatedAgain } from './records/relatedAgain';
import { settleLostRun } from './runs';

export interface Swept {
  /** runs that had ended without saying so */
  readonly lostRuns: number;
  /** entities of connections with events that are still open */
  readonly inbox: readonly Target[];
  /** … with disputed rows that are due to be asked for again */
  readonly disputes: readonly Target[];
  /** … with related records that are to be read again. Workflows of before know no such field */
  readonly owed?: readonly Target[];
}

/** What a sweep hands on at once; the next one is a minute away. */
const targetsPerSweep = 100;
/** The server that took an event in sees to it at once; the sweep only looks after what was left. */
const leftBehindMs = 10_000;
/** What is left of it, the next sweep goes on with. */
const derivingMs = 30_000;
/** Once an hour is enough for what is kept for weeks. */
const pruningMinute = 17;

/** Looks after what is left: lost runs, runs that an operator resumed, events that were left, disputes that are due, what is old. */
export function sweepActivities(deps: ActivityDeps) {
  const { db, connectors } = deps;
  return {
    sweep: (_input: Record<string, never>): Promise<Swept> => alive(sweepOnce),
  };

  async function sweepOnce(): Promise<Swept> {
    const lost = await runsWithoutLease(db);
    let lostRuns = 0;
    for (const run of lost) if ((await settleLostRun(deps, run)) !== 'running') lostRuns += 1;
    const inbox = (await openTargets(db, targetsPerSweep))
      .filter(({ oldest }) => oldest.getTime() < Date.now() - leftBehindMs)
      .map(({ connectionId, entity }) => ({ connectionId, entity }));
    const disputes: Target[] = [];
    for (const entity of [...connectors.values()].flatMap((connector) => [...connector.entities.values()])) {
      if (!entity.listings.one || !(await tableExists(db, entity))) continue;
      const due = await connectionsWithDueDisputes(db, entity, parseDuration(entity.readLag));
      disputes.push(...due.map((connectionId) => ({ connectionId, entity: entity.name })));
    }
    await keepResumed();
    await readRelatedAgain(deps);
    await removeOldPauses(db);
    await derive(deps, derivingMs);
    if (new Date().getMinutes() === pruningMinute)
      await prune(db, retention.parse({}), { signal: Context.current().cancellationSignal });
    return { lostRuns, inbox, disputes: disputes.slice(0, targetsPerSweep), owed: await owedTargets() };
  }

  /** A server that cannot do it has said so to the operator. */
  async function keepResumed(): Promise<void> {
    try {
      await goOnAfterResume(deps.temporal, await resumedLately(db));
    } catch (err) {
      deps.log.warn({ err }, 'what was deferred after its wait had been ended does not go on early');
    }
  }

  /** Only those that this worker knows how to read. */
  async function owedTargets(): Promise<Target[]> {
    const related = new Set(
      [...connectors.values()].flatMap(({ entities }) =>
        [...entities.values()].flatMap((entity) => (entity.related === undefined ? [] : [entity.name])),
      ),
    );
    return related.size === 0 ? [] : await targetsWithDueOwed(db, [...related], targetsPerSweep);
  }
}
