import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import pino from 'pino';
import { type Activities, createActivities } from '../../activities';
import { noMetrics } from '../../activities/metrics';
import { measureClock } from '../../destination/database/clock';
import { atEnd } from '../environment';
import { type Engine, ring } from './engine';

/** Runs one activity by itself, as attempt `attempt` of whatever Temporal might have scheduled. */
export type RunActivity = <Name extends keyof Activities>(
  name: Name,
  attempt: number,
  ...input: Parameters<Activities[Name]>
) => ReturnType<Activities[Name]>;

/** The engine's activities, to be called without Temporal: as a zombie calls them that Temporal has given up. */
export async function activitiesOf({ db, connector, temporal, taskQueue }: Engine): Promise<RunActivity> {
  const clock = await measureClock(db);
  atEnd(() => clock.close());
  const activities = createActivities({
    db,
    clock,
    keyRing: ring,
    taskQueue,
    connectors: new Map([[connector.name, connector]]),
    temporal: temporal.client,
    log: pino({ level: 'silent' }),
    metrics: noMetrics,
    giveUpAfterMs: 60_000,
  });
  return (name, attempt, ...input) => {
    const environment = new MockActivityEnvironment({ attempt }, { logger: new DefaultLogger('ERROR') });
    return environment.run(activities[name] as never, ...(input as unknown as never[])) as never;
  };
}
