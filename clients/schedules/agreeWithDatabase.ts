import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { listConnections } from '../../destination/connections/connections';
import { storeDeltaSchedules } from '../../destination/connections/deltaSchedules';
import type { Connector } from '../../schema/definition/connector';
import { type Agreed, type AgreeOptions, agreeSchedules } from './agree';
import { desiredSchedules } from './desired';

/**
 * Makes Temporal's schedules agree with the connections in the database, and stores when deltas are due. Called at start and whenever a connection changes.
 */
export async function agreeWithDatabase(
  db: Knex,
  client: Client,
  connectors: readonly Connector[],
  options: AgreeOptions = {},
): Promise<Agreed> {
  const desired = desiredSchedules(connectors, await listConnections(db));
  await storeDeltaSchedules(
    db,
    desired.flatMap(({ target, times, pausedBecause }) =>
      target === undefined || times === undefined
        ? []
        : [{ ...target, ...times, pausedBecause: pausedBecause ?? null }],
    ),
  );
  return agreeSchedules(client, desired, options);
}
