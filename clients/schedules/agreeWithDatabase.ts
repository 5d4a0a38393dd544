import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { listConnections } from '../../destination/connections/connections';
import type { Connector } from '../../schema/definition/connector';
import { type Agreed, type AgreeOptions, agreeSchedules } from './agree';
import { desiredSchedules } from './desired';

/** Makes Temporal's schedules agree with the connections in the database. Called at start and whenever a connection changes. */
export async function agreeWithDatabase(
  db: Knex,
  client: Client,
  connectors: readonly Connector[],
  options: AgreeOptions = {},
): Promise<Agreed> {
  return agreeSchedules(client, desiredSchedules(connectors, await listConnections(db)), options);
}
