import type { ScheduleSpec } from '@temporalio/client';
import type { DeltaTimes } from '../../destination/connections/deltaSchedules';
import type { Connection } from '../../schema/connection';
import type { Connector, ConnectorEntity } from '../../schema/definition/connector';
import type { EntitySchedule } from '../../schema/definition/schedule';
import { parseDuration } from '../../schema/duration';
import {
  type DeltaSyncInput,
  ids,
  type ReconciliationInput,
  type Strategy,
  type Target,
  workflowNames,
} from '../../schema/workflows';
import { businessHoursSpec, dailySpec, deltaInterval, everySpec } from './spec';

/** A schedule as it should be in Temporal. */
export interface DesiredSchedule {
  readonly id: string;
  readonly spec: ScheduleSpec;
  /** runs missed by more than this are not caught up */
  readonly catchupWindowMs: number;
  readonly workflow: string;
  readonly workflowId: string;
  readonly input: DeltaSyncInput | ReconciliationInput | undefined;
  /** undefined for what belongs to no connection */
  readonly target: Target | undefined;
  readonly strategy: Strategy | 'sweep';
  /** why it must not fire; undefined when it should */
  readonly pausedBecause: string | undefined;
  /** of a delta: its times as numbers, for PostgreSQL */
  readonly times?: DeltaTimes | undefined;
}

/** A connection, and why it rests until it is given other credentials, where it does. */
type RestingConnection = Connection & { readonly needsCredentialsBecause?: string | null };

/** The schedules that these connections want, and the sweep. Connections of unknown connectors want none. */
export function desiredSchedules(
  connectors: readonly Connector[],
  connections: readonly RestingConnection[],
): DesiredSchedule[] {
  const desired = connections.flatMap((connection) => {
    const connector = connectors.find(({ name }) => name === connection.connector);
    return [...(connector?.entities.values() ?? [])].flatMap((entity) => entitySchedules(connection, entity));
  });
  return [...desired, sweep];
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** Prunes, re-drives what is open, finds lost runs. */
const sweep: DesiredSchedule = {
  id: ids.sweepSchedule,
  spec: { intervals: [{ every: minuteMs }] },
  catchupWindowMs: minuteMs,
  workflow: workflowNames.sweep,
  workflowId: ids.sweep,
  input: undefined,
  target: undefined,
  strategy: 'sweep',
  pausedBecause: undefined,
};

function entitySchedules(connection: RestingConnection, entity: ConnectorEntity): DesiredSchedule[] {
  if (entity.importOnly) return [];
  const target: Target = { connectionId: connection.id, entity: entity.name };
  const schedule: EntitySchedule = {
    delta: connection.schedules[entity.name]?.delta ?? entity.schedule.delta,
    reconciliation: connection.schedules[entity.name]?.reconciliation ?? entity.schedule.reconciliation,
  };
  const deltas: DesiredSchedule = {
    times: deltaNumbers(connection, schedule.delta.every),
    target,
    pausedBecause: pausedBecause(connection, entity, schedule, 'delta'),
    id: ids.schedule('delta', target),
    ...deltaTimes(connection, schedule.delta.every),
    workflow: workflowNames.deltaSync,
    workflowId: ids.delta(target),
    input: { ...target, trigger: 'schedule' },
    strategy: 'delta',
  };
  if (schedule.reconciliation === false) return [deltas];
  const reconciliations: DesiredSchedule = {
    target,
    pausedBecause: pausedBecause(connection, entity, schedule, 'reconciliation'),
    id: ids.schedule('reconciliation', target),
    ...reconciliationTimes(connection, schedule.reconciliation),
    workflow: workflowNames.reconciliation,
    workflowId: ids.reconciliation(target),
    input: { ...target, trigger: 'schedule' },
    strategy: 'reconciliation',
  };
  return [deltas, reconciliations];
}

/** Also where nobody has paused it: an entity whose deletions nothing would find is not synced at all. */
function pausedBecause(
  { id, enabled, schedules, needsCredentialsBecause }: RestingConnection,
  entity: ConnectorEntity,
  { reconciliation }: EntitySchedule,
  strategy: Strategy,
): string | undefined {
  if (!enabled) return `connection ${id} is disabled`;
  if (typeof needsCredentialsBecause === 'string') {
    return `connection ${id} needs credentials: ${needsCredentialsBecause}`;
  }
  const paused = schedules[entity.name]?.paused?.[strategy];
  if (paused !== undefined) return `by an operator: ${paused}`;
  if (reconciliation === false && !entity.supportsWebhooks && schedules[entity.name]?.reconciliation === false) {
    return `schedules.${entity.name}.reconciliation of connection ${id} is false, but it is required if supportsWebhooks is false, since nothing else finds deletions`;
  }
  return undefined;
}

function deltaNumbers({ id, businessHours, timeZone }: Connection, every: string): DeltaTimes {
  const numbers = deltaInterval(parseDuration(every), businessHours ?? undefined, id);
  return { ...numbers, hours: businessHours ?? null, timeZone };
}

type Times = Pick<DesiredSchedule, 'spec' | 'catchupWindowMs'>;

function deltaTimes({ id, businessHours, timeZone }: Connection, every: string): Times {
  const everyMs = parseDuration(every);
  return {
    spec: businessHours ? businessHoursSpec(everyMs, businessHours, timeZone, id) : everySpec(everyMs, id),
    catchupWindowMs: catchup(everyMs),
  };
}

function reconciliationTimes(
  { id, timeZone }: Connection,
  times: Exclude<EntitySchedule['reconciliation'], false>,
): Times {
  if ('at' in times) return { spec: dailySpec(times.at, timeZone, id), catchupWindowMs: dayMs };
  const everyMs = parseDuration(times.every);
  return { spec: everySpec(everyMs, id), catchupWindowMs: catchup(everyMs) };
}

/** One interval: more would run several at once. Temporal takes no less than ten seconds. */
function catchup(everyMs: number): number {
  return Math.max(10_000, everyMs);
}
