import { audit } from '../../../destination/audit';
import { getConnection, listConnections } from '../../../destination/connections/connections';
import { pauseSchedules } from '../../../destination/connections/pauseSchedules';
import { connectorOf } from '../../../schema/definition/registered';
import { type Strategy, strategies, type Target } from '../../../schema/workflows';
import type { Agreed } from '../../schedules/agree';
import { type Agreement, compareSchedules } from '../../schedules/compare';
import { desiredSchedules } from '../../schedules/desired';
import type { By, OperationContext } from '../definition/context';
import { type AgreedOrLater, agree, agreeOrLater } from './agreeOrLater';
import { assertNames } from './targets';

export interface ScheduleShown {
  readonly id: string;
  /** null for the sweep, and for the rest of a removed connection */
  readonly connectionId: string | null;
  readonly entity: string | null;
  readonly strategy: Strategy | 'sweep' | null;
  readonly agreement: Agreement;
  /** as Temporal has it */
  readonly paused: boolean;
  /** why it should be paused; null where it should run */
  readonly pausedBecause: string | null;
  /** when it fires next; null where it is paused or missing */
  readonly next: Date | null;
}

interface Filter {
  readonly connection?: string | undefined;
  readonly entity?: string | undefined;
}

/** All schedules, or those of a connection or entity: as the database wants them and as Temporal has them. */
export async function listSchedules(
  context: OperationContext,
  filter: Filter,
): Promise<{ readonly schedules: readonly ScheduleShown[] }> {
  await assertNames(context, filter);
  const { db, taskQueue } = context;
  const desired = desiredSchedules(await context.connectors(), await listConnections(db));
  const compared = await compareSchedules(await context.client(), desired, { taskQueue });
  const { connection, entity } = filter;
  const schedules = compared
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
  return { schedules };
}

/** What is left out means all of them. */
export interface SchedulePause {
  readonly connection: string;
  readonly entity?: string | undefined;
  readonly strategy?: Strategy | undefined;
}

export interface SchedulesChanged extends AgreedOrLater {
  readonly schedules: readonly (Target & { readonly strategy: Strategy; readonly pausedBecause: string | null })[];
}

/** Pauses schedules until they are resumed. Running runs continue, and runs can still be started. Throws TidemarkError 'NotFound'. */
export function pause(context: OperationContext, input: SchedulePause, by: By): Promise<SchedulesChanged> {
  return change(context, input, true, by);
}

/** Resumes paused schedules. Throws TidemarkError 'NotFound'. */
export function resume(context: OperationContext, input: SchedulePause, by: By): Promise<SchedulesChanged> {
  return change(context, input, false, by);
}

/** Stored in the database, so a repair leaves it as it is. */
async function change(
  context: OperationContext,
  input: SchedulePause,
  paused: boolean,
  by: By,
): Promise<SchedulesChanged> {
  const { db } = context;
  await assertNames(context, input);
  const connectors = await context.connectors();
  const connector = connectorOf(connectors, await getConnection(db, input.connection));
  const entities = input.entity === undefined ? [...connector.entities.keys()] : [input.entity];
  const chosen = input.strategy === undefined ? strategies : [input.strategy];
  const target = { connectionId: input.connection, entities, strategies: chosen };
  const connection = await pauseSchedules(db, target, paused, by);
  const schedules = desiredSchedules(connectors, [connection]).flatMap(({ target, strategy, pausedBecause }) =>
    target !== undefined && strategy !== 'sweep' && entities.includes(target.entity) && chosen.includes(strategy)
      ? [{ ...target, strategy, pausedBecause: pausedBecause ?? null }]
      : [],
  );
  return { schedules, ...(await agreeOrLater(context)) };
}

/** Makes Temporal's schedules agree with the database, audited with what was done. Throws TidemarkError 'TemporalUnavailable'. */
export async function repair(context: OperationContext, _input: unknown, by: By): Promise<Agreed> {
  const agreed = await agree(context);
  await audit(context.db, { ...by, action: 'schedules repair', details: { ...agreed } });
  return agreed;
}
