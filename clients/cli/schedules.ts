import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { listConnections } from '../../destination/connections';
import type { Connector } from '../../schema/connector';
import { type Agreed, agreeSchedules } from '../schedules/agree';
import { desiredSchedules } from '../schedules/desired';

/** Makes Temporal's schedules agree with the connections in the database. Throws TidemarkError 'TemporalUnavailable'. */
export async function agree(db: Knex, client: Client, connectors: readonly Connector[]): Promise<Agreed> {
  return agreeSchedules(client, desiredSchedules(connectors, await listConnections(db)));
}
