import { z } from 'zod';
import { getConnection, listConnections } from '../../destination/connections/connections';
import { pauseSchedules } from '../../destination/connections/pauseSchedules';
import { connectorOf } from '../../schema/definition/registered';
import { type Strategy, strategies, type Target } from '../../schema/workflows';
import { type Agreement, compareSchedules } from '../schedules/compare';
import { desiredSchedules } from '../schedules/desired';
import { type AgreedOrLater, agreeOrLater } from './agreeOrLater';
import { type By, filterInput, name, type TemporalContext } from './context';
import { assertNames } from './targets';

export interface ScheduleShown {
  readonly id: string;
  /** null for the sweep, and for what is left of a removed connection */
  readonly connectionId: string | null;
  readonly entity: string | null;
  readonly strategy: Strategy | 'sweep' | null;
  readonly agreement: Agreement;
  /** as Temporal has it */
  readonly paused: boolean;
  /** why it is to be paused; null where it is to run */
  readonly pausedBecause: string | null;
  /** when it fires next; null where it is paused or missing */
  readonly next: Date | null;
}

export const scheduleFilter = filterInput;

/** All schedules, or those of a connection or entity: as the database wants them and as Temporal has them. */
export async function showSchedules(
  { db, client, connectors, taskQueue }: TemporalContext,
  input: z.output<typeof scheduleFilter>,
): Promise<ScheduleShown[]> {
  await assertNames(db, connectors, input);
  const compared = await compareSchedules(client, desiredSchedules(connectors, await listConnections(db)), {
    taskQueue,
  });
  const { connection, entity } = input;
  return compared
    .map(({ id, desired, agreement, paused, next }) => ({
      id,
      connectionId: desired?.target?.connectionId ?? null,
      entity: desired?.target?.entity ?? null,
      strategy: desired?.strategy ?? null,
      agreement,
      paused,
      pausedBecause: desired?.pausedBecause ?? null,
      next: paused ? null : next,
    }))
    .filter((one) => connection === undefined || one.connectionId === connection)
    .filter((one) => entity === undefined || one.entity === entity);
}

/** What is left out means all of them. */
export const schedulePause = z.strictObject({
  connection: name,
  entity: name.optional(),
  strategy: z.enum(strategies).optional(),
});
export type SchedulePause = z.output<typeof schedulePause>;

export interface SchedulesChanged extends AgreedOrLater {
  readonly schedules: readonly (Target & { readonly strategy: Strategy; readonly pausedBecause: string | null })[];
}

/**
 * Pauses or resumes schedules, for as long as somebody says otherwise; runs that are on go on, and runs can still be started by hand.
 * Kept in the database, so a repair leaves it as it is. Throws TidemarkError 'NotFound' for unknown names.
 */
export async function changeSchedules(
  context: TemporalContext,
  input: SchedulePause,
  paused: boolean,
  by: By,
): Promise<SchedulesChanged> {
  const { db, connectors } = context;
  await assertNames(db, connectors, input);
  const connector = connectorOf(connectors, await getConnection(db, input.connection));
  const entities = input.entity === undefined ? [...connector.entities.keys()] : [input.entity];
  const chosen = input.strategy === undefined ? strategies : [input.strategy];
  const connection = await pauseSchedules(
    db,
    { connectionId: input.connection, entities, strategies: chosen },
    paused,
    by,
  );
  const schedules = desiredSchedules(connectors, [connection]).flatMap(({ target, strategy, pausedBecause }) =>
    target !== undefined && strategy !== 'sweep' && entities.includes(target.entity) && chosen.includes(strategy)
      ? [{ ...target, strategy, pausedBecause: pausedBecause ?? null }]
      : [],
  );
  return { schedules, ...(await agreeOrLater(context)) };
}
