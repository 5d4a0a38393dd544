import type { Knex } from 'knex';
import { z } from 'zod';
import { connectDatabase } from '../../destination/database/database';
import { ensureTable } from '../../destination/rows/tables';
import { type ConnectorEntity, defineConnector } from '../../schema/definition/connector';
import { type DeltaSyncField, defineEntity } from '../../schema/definition/entity';
import type { JsonObject } from '../../schema/json/json';
import { testDatabase } from '../environment';

/** An entity of a connector `x` whose source is never asked, for tests that make up the answers: they write them with integer versions. */
export function writtenEntity<Row extends z.ZodObject>(
  name: string,
  row: Row,
  conflict: 'update' | 'skip' = 'update',
  deltaSyncField: DeltaSyncField<JsonObject> | null = { name: 'version', kind: 'integer' },
): ConnectorEntity {
  const entity = defineEntity<Row>({
    name,
    row,
    key: 'id',
    conflict,
    ...(deltaSyncField && { deltaSyncField }),
    map: () => {
      throw new Error('nothing is read in this test');
    },
    listings: { all: { path: '/', paging: { scheme: 'none' } } },
    supportsWebhooks: false,
  });
  const connector = defineConnector({
    name: 'x',
    settings: z.object({ baseUrl: z.string() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [entity],
  });
  return connector.entities.get(name) as ConnectorEntity;
}

/** A database with connection `c` of that connector, and the entity's table. Destroy it afterwards. */
export async function databaseOf(entity: ConnectorEntity): Promise<Knex> {
  const db = connectDatabase((await testDatabase()).url);
  await db.raw(`insert into tidemark.connections (id, connector, settings, time_zone) values ('c', 'x', '{}', 'UTC')`);
  await ensureTable(db, entity);
  return db;
}
