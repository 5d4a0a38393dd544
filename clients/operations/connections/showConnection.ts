import { z } from 'zod';
import { audit } from '../../../destination/audit';
import { enableConnection, getConnection, type StoredConnection } from '../../../destination/connections/connections';
import {
  type RowsOfTable,
  removeConnection,
  rowsOfConnection,
} from '../../../destination/connections/removeConnection';
import { type KeyRing, loadSecrets, saveSecrets, sealOfSecrets } from '../../../destination/connections/secrets';
import { getCursor } from '../../../destination/runs/entities';
import type { Connector } from '../../../schema/definition/connector';
import { mistakes } from '../../../schema/definition/definition';
import { connectorOf } from '../../../schema/definition/registered';
import { TidemarkError } from '../../../schema/errors';
import { type AgreedOrLater, agreeOrLater } from '../agreeOrLater';
import { type By, name, type OperatorContext, type TemporalContext, WrongInput } from '../context';

export interface ConnectionShown extends StoredConnection {
  /** false: tidemark.config.ts does not register its connector, so nothing runs for it */
  readonly registered: boolean;
  /** which secrets are kept, never what they are; null where no key was given to open them */
  readonly secrets: readonly string[] | null;
  readonly sealed: { readonly keyId: string; readonly updatedAt: Date } | null;
  /** where its webhooks arrive, below the server's address; null for a connector that takes none */
  readonly webhookPath: string | null;
  readonly entities: readonly {
    readonly entity: string;
    readonly table: string;
    /** soft-deleted ones too; null until the table has been made */
    readonly rows: number | null;
    readonly cursor: Date | null;
  }[];
}

/** One connection with what belongs to it. Throws TidemarkError 'NotFound'. */
export async function showConnection(
  { db, connectors }: OperatorContext,
  id: string,
  ring: KeyRing | undefined,
): Promise<ConnectionShown> {
  const connection = await getConnection(db, id);
  const connector = connectors.find(({ name }) => name === connection.connector);
  const entities = [...(connector?.entities.values() ?? [])];
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

export interface SwitchedConnection extends AgreedOrLater {
  readonly connection: StoredConnection;
}

/**
 * Switches a connection on or off, audited. While off no run begins and its schedules are paused; webhooks are still taken and
 * kept, and processed when it is on again. Runs that are on go on. Throws TidemarkError 'NotFound'.
 */
export async function switchConnection(
  context: TemporalContext,
  id: string,
  enabled: boolean,
  by: By,
): Promise<SwitchedConnection> {
  const connection = await context.db.transaction(async (tx) => {
    const action = enabled ? 'connections enable' : 'connections disable';
    const switched = await enableConnection(tx, id, enabled);
    await audit(tx, { ...by, action, connectionId: id });
    return switched;
  });
  return { connection, ...(await agreeOrLater(context)) };
}

/** Longer ones are no secrets but files. */
export const secretValue = z.string().min(1).max(20_000);

export const secretRotation = z.strictObject({
  /** the secret's name, as the connector declares it */
  secret: name,
  /** absent: only the former value goes */
  value: secretValue.optional(),
  /** webhook secrets: no longer take deliveries signed with the former one */
  dropFormer: z.boolean().default(false),
});
export type SecretRotation = z.output<typeof secretRotation>;

export interface RotatedSecret {
  readonly connectionId: string;
  readonly secret: string;
  /** the former one is still taken for webhooks, until it is dropped */
  readonly formerKept: boolean;
}

/**
 * Puts a new value in place of a secret, audited without it. The former value of a webhook secret stays valid beside the new
 * one, since the source goes on signing with it for a while. Throws TidemarkError 'NotFound', and 'Usage' for a
 * value that the connector refuses, which is not repeated.
 */
export async function rotateSecret(
  { db, connectors }: OperatorContext,
  ring: KeyRing,
  id: string,
  { secret, value, dropFormer }: SecretRotation,
  by: By,
): Promise<RotatedSecret> {
  const connector = connectorOf(connectors, await getConnection(db, id));
  assertDeclared(connector, secret);
  const missing = new WrongInput(`The new value of secret '${secret}' of connection '${id}' is missing`, [
    'value: missing; without one only `dropFormer` can be asked for, of a webhook secret',
  ]);
  if (value === undefined && !dropFormer) throw missing;
  const isWebhookSecret = connector.webhooks?.signature.secret === secret;
  if (isWebhookSecret && value?.includes('\n')) {
    throw new WrongInput(`The new value of secret '${secret}' of connection '${id}' has several lines`, [
      'value: a webhook secret is one line; the former one is kept beside it without being given again',
    ]);
  }
  return db.transaction(async (tx) => {
    await tx.raw('select 1 from tidemark.secrets where connection_id = ? for update', [id]);
    const secrets = await loadSecrets(tx, ring, id);
    const [former] = (secrets[secret] ?? '').split('\n').filter((line) => line !== '');
    const formerKept = isWebhookSecret && !dropFormer && value !== undefined && former !== undefined;
    const after =
      value === undefined ? (isWebhookSecret ? former : undefined) : formerKept ? `${value}\n${former}` : value;
    if (after === undefined) throw missing;
    await saveSecrets(tx, ring, id, checked(connector, { ...secrets, [secret]: after }));
    await audit(tx, { ...by, action: 'connections rotate-secret', connectionId: id, details: { secret, formerKept } });
    return { connectionId: id, secret, formerKept };
  });
}

function assertDeclared(connector: Connector, secret: string): void {
  const names = Object.keys(connector.secrets.shape);
  if (names.includes(secret)) return;
  throw new TidemarkError(
    'NotFound',
    `Connector ${connector.name} has no secret ${JSON.stringify(secret)}; it has: ${names.join(', ') || 'none'}`,
  );
}

function checked(connector: Connector, secrets: Record<string, string>): Record<string, string> {
  const parsed = connector.secrets.safeParse(secrets);
  if (parsed.success) return parsed.data as Record<string, string>;
  throw new WrongInput('The secrets would be wrong; nothing was changed', mistakes('secrets', parsed.error));
}

export interface RemovedConnection extends AgreedOrLater {
  readonly connectionId: string;
  readonly rows: 'kept' | 'deleted';
  readonly tables: readonly RowsOfTable[];
}

/** What a removal would be about. Throws TidemarkError 'NotFound'. */
export async function rowsToRemove({ db, connectors }: OperatorContext, id: string): Promise<RowsOfTable[]> {
  return rowsOfConnection(db, id, entitiesOf(connectors, await getConnection(db, id)));
}

/**
 * Removes a connection with everything that the engine keeps of it, its schedules and secrets; its rows in the entities' tables are kept or
 * deleted as is said. Audited. Throws TidemarkError 'NotFound'; 'AlreadyRunning' while a run is on (it is disabled then); 'Usage'
 * when rows are to be deleted although its connector is not registered, so that its tables are not known.
 */
export async function dropConnection(
  context: TemporalContext,
  id: string,
  rows: 'keep' | 'delete',
  by: By,
): Promise<RemovedConnection> {
  const { db, connectors } = context;
  const connection = await getConnection(db, id);
  const entities = entitiesOf(connectors, connection);
  if (rows === 'delete') connectorOf(connectors, connection);
  await enableConnection(db, id, false);
  const tables = await removeConnection(db, id, { entities, deleteRows: rows === 'delete' }, by);
  return { connectionId: id, rows: rows === 'delete' ? 'deleted' : 'kept', tables, ...(await agreeOrLater(context)) };
}

function entitiesOf(connectors: readonly Connector[], { connector }: { readonly connector: string }) {
  return [...(connectors.find(({ name }) => name === connector)?.entities.values() ?? [])];
}
