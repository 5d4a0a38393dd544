import { getConnection, listConnections, type StoredConnection } from '../../../destination/connections/connections';
import { rowsOfConnection } from '../../../destination/connections/removeConnection';
import { loadSecrets, sealOfSecrets } from '../../../destination/connections/secrets';
import { getCursor } from '../../../destination/runs/cursors';
import type { OperationContext } from '../definition/context';
import type { ConnectionInput } from './named';
import { entitiesOf } from './named';

export interface ConnectionShown extends StoredConnection {
  /** false: tidemark.config.ts does not register its connector, so nothing runs for it */
  readonly registered: boolean;
  /** the names of its secrets, never their values; null where no key is set to open them */
  readonly secrets: readonly string[] | null;
  readonly sealed: { readonly keyId: string; readonly updatedAt: Date } | null;
  /** where its webhooks arrive, below the server's address; null for a connector without webhooks */
  readonly webhookPath: string | null;
  readonly entities: readonly {
    readonly entity: string;
    readonly table: string;
    /** soft-deleted ones too; null until the table exists */
    readonly rows: number | null;
    readonly cursor: Date | null;
  }[];
}

/** All connections, by name. */
export async function allConnections({ db }: OperationContext): Promise<{ readonly connections: StoredConnection[] }> {
  return { connections: await listConnections(db) };
}

/** One connection with what belongs to it. Throws TidemarkError 'NotFound'. */
export async function showConnection(
  context: OperationContext,
  { connection: id }: ConnectionInput,
): Promise<ConnectionShown> {
  const { db } = context;
  const connection = await getConnection(db, id);
  const connectors = await context.connectors();
  const connector = connectors.find(({ name }) => name === connection.connector);
  const entities = entitiesOf(connectors, connection);
  const ring = await context.ring();
  const rows = await rowsOfConnection(db, id, entities);
  const seal = await sealOfSecrets(db, id);
  return {
    ...connection,
    registered: connector !== undefined,
    secrets: ring === undefined ? null : Object.keys(await loadSecrets(db, ring, id)),
    sealed: seal ?? null,
    webhookPath: connector?.webhooks === undefined ? null : `/webhooks/${id}`,
    entities: await Promise.all(
      entities.map(async ({ name, table }) => ({
        entity: name,
        table,
        rows: rows.find((one) => one.table === table)?.rows ?? null,
        cursor: await getCursor(db, { connectionId: id, entity: name }),
      })),
    ),
  };
}
