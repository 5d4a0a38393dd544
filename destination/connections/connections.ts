import type { Knex } from 'knex';
import type { z } from 'zod';
import { type Connection, connection } from '../../schema/connection';
import { mistakes } from '../../schema/definition/definition';
import { TidemarkError } from '../../schema/errors';
import { meantOrKnown } from '../../schema/text/nearest';
import { storableJson } from '../../schema/text/storableText';
import type { Sealed } from './secrets';

export type ConnectionInput = z.input<typeof connection>;
/** What can be changed of a connection: everything but its name and connector. */
export type ConnectionChange = Partial<Omit<ConnectionInput, 'id' | 'connector'>>;

export interface StoredConnection extends Connection {
  /** since when its source accepts none of its credentials, so that nothing is synced until it is given others; null while it does */
  readonly needsCredentialsSince: Date | null;
  /** what the source said, without secrets */
  readonly needsCredentialsBecause: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const columns = `id, connector, settings, time_zone as "timeZone", business_hours as "businessHours", schedules, enabled,
  created_at as "createdAt", updated_at as "updatedAt",
  needs_credentials_since as "needsCredentialsSince", needs_credentials_because as "needsCredentialsBecause"`;

/**
 * Keeps a new connection. Its settings must have been checked by the connector; secrets are kept apart (`saveSecrets`).
 * Throws TidemarkError 'Usage' for wrong values and for an id that is taken.
 */
export async function createConnection(db: Knex, input: ConnectionInput): Promise<StoredConnection> {
  const values = checked(input);
  const { rows } = await db.raw(
    `insert into tidemark.connections (id, connector, settings, time_zone, business_hours, schedules, enabled)
     values (:id, :connector, cast(:settings as jsonb), :timeZone, cast(:businessHours as jsonb), cast(:schedules as jsonb), :enabled)
     on conflict (id) do nothing
     returning ${columns}`,
    bindings(values),
  );
  if (rows.length === 0) {
    throw new TidemarkError('Usage', `There is a connection '${values.id}' already: choose another name, or change it`);
  }
  return rows[0];
}

/** Changes what is given and leaves the rest. Throws TidemarkError 'NotFound', and 'Usage' for wrong values. */
export async function updateConnection(db: Knex, id: string, change: ConnectionChange): Promise<StoredConnection> {
  return db.transaction(async (tx) => {
    const before = configured(await lockConnection(tx, id));
    const { rows } = await tx.raw(
      `update tidemark.connections
       set settings = cast(:settings as jsonb), time_zone = :timeZone, business_hours = cast(:businessHours as jsonb),
           schedules = cast(:schedules as jsonb), enabled = :enabled, updated_at = clock_timestamp()
       where id = :id
       returning ${columns}`,
      bindings(checked({ ...before, ...change })),
    );
    return rows[0];
  });
}

/** Switches a connection on or off: while off, nothing is synced and its webhooks are kept for later. */
export async function enableConnection(db: Knex, id: string, enabled: boolean): Promise<StoredConnection> {
  return updateConnection(db, id, { enabled });
}

/** Undefined where there is none of that name. */
export async function findConnection(db: Knex, id: string): Promise<StoredConnection | undefined> {
  const { rows } = await db.raw(`select ${columns} from tidemark.connections where id = ?`, [id]);
  return rows[0];
}

/** Throws TidemarkError 'NotFound', which names the connections that there are. */
export async function getConnection(db: Knex, id: string): Promise<StoredConnection> {
  const found = await findConnection(db, id);
  if (found === undefined) throw await unknownConnection(db, id);
  return found;
}

/** The same, held until the transaction ends, so that two changes of it come one after the other. */
export async function lockConnection(tx: Knex, id: string): Promise<StoredConnection> {
  const { rows } = await tx.raw(`select ${columns} from tidemark.connections where id = ? for update`, [id]);
  if (rows.length === 0) throw await unknownConnection(tx, id);
  return rows[0];
}

export interface OpenableConnection {
  readonly connection: StoredConnection;
  /** its secrets as they are kept; null: it has none */
  readonly seal: Sealed | null;
  /** how often its credentials were changed: what is done with its tokens counts only while this is the same */
  readonly epoch: number;
}

/** A connection and its secrets, in one statement. Throws TidemarkError 'NotFound'. */
export async function getConnectionAndSeal(db: Knex, id: string): Promise<OpenableConnection> {
  const { rows } = await db.raw(
    `select ${columns}, key_id, nonce, sealed,
       coalesce((select epoch from tidemark.tokens where connection_id = id), 1) as epoch
     from tidemark.connections
     left join (select connection_id, key_id, nonce, sealed from tidemark.secrets) s on connection_id = id
     where id = ?`,
    [id],
  );
  if (rows.length === 0) throw await unknownConnection(db, id);
  const { key_id, nonce, sealed, epoch, ...connection } = rows[0];
  return { connection, seal: key_id === null ? null : { key_id, nonce, sealed }, epoch };
}

/** All connections by id, or those of one connector, or only the enabled ones. */
export async function listConnections(
  db: Knex,
  filter: { readonly connector?: string; readonly enabledOnly?: boolean } = {},
): Promise<StoredConnection[]> {
  const { rows } = await db.raw(
    `select ${columns} from tidemark.connections
     where (cast(:connector as text) is null or connector = :connector) and (enabled or not :enabledOnly)
     order by id`,
    { connector: filter.connector ?? null, enabledOnly: filter.enabledOnly ?? false },
  );
  return rows;
}

/** What an operator chose, without what the engine notes at a connection. */
function configured(stored: StoredConnection): Connection {
  const { id, connector, settings, timeZone, businessHours, schedules, enabled } = stored;
  return { id, connector, settings, timeZone, businessHours, schedules, enabled };
}

function checked(input: ConnectionInput): Connection {
  const parsed = connection.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new TidemarkError(
    'Usage',
    `The connection is invalid:\n${mistakes('', parsed.error)
      .map((line) => `  ${line}`)
      .join('\n')}`,
  );
}

function bindings(values: Connection): Record<string, Knex.Value> {
  return {
    id: values.id,
    connector: values.connector,
    settings: storableJson(values.settings),
    timeZone: values.timeZone,
    businessHours: values.businessHours === null ? null : storableJson(values.businessHours),
    schedules: storableJson(values.schedules),
    enabled: values.enabled,
  };
}

async function unknownConnection(db: Knex, id: string): Promise<TidemarkError> {
  const { rows } = await db.raw('select id from tidemark.connections order by id limit 500');
  const ids = rows.map((row: { id: string }) => row.id);
  const known =
    ids.length === 0
      ? `There are no connections yet. Create one with 'tidemark connect'.`
      : meantOrKnown(id, ids, `'tidemark connections' lists`);
  return new TidemarkError('NotFound', `There is no connection ${JSON.stringify(id)}. ${known}`);
}
