import { type Client, isGrpcServiceError } from '@temporalio/client';
import type { Knex } from 'knex';
import { listConnections } from '../../../destination/connections/connections';
import { type KeyRing, loadSecrets } from '../../../destination/connections/secrets';
import { clockAhead } from '../../../destination/database/about';
import { assertSchema } from '../../../destination/database/migrate';
import type { Connector } from '../../../schema/definition/connector';
import { taskQueue as defaultTaskQueue } from '../../../schema/workflows';
import { compareSchedules } from '../../schedules/compare';
import { desiredSchedules } from '../../schedules/desired';
import { pollersOf } from '../../temporal/pollers';
import { areRegistered } from '../../temporal/searchAttributes';
import { temporalError } from '../../temporal/temporal';
import { type Checkup, check, Wrong } from './checkup';
import { lookAtServer, lookAtSettings, lookAtTables } from './postgres';

/** The engine measures the offset and works with it; but webhook signatures, certificates and people trust the clock. */
const mostOffsetMs = 5_000;

/** PostgreSQL: reachable, new enough, its schema, its settings, its clock, the entities' tables; then the secrets of every connection, for which `ring` may throw. */
export async function checkDatabase(
  db: Knex,
  ring: () => KeyRing | Promise<KeyRing>,
  connectors: readonly Connector[],
): Promise<Checkup[]> {
  const reachable = await check('PostgreSQL', () => lookAtServer(db));
  if (!reachable.ok) return [reachable];
  const schema = await check('schema', async () => {
    await assertSchema(db);
    return 'the tables of the engine are as this version wants them';
  });
  const settings = await check('sessions', () => lookAtSettings(db));
  const clock = await check('clock', () => clockOffset(db));
  const common = [reachable, schema, settings, clock];
  if (!schema.ok) return common;
  const tables = await check('tables', () => lookAtTables(db, connectors));
  return [...common, tables, ...(await checkConnections(db, ring, connectors))];
}

async function clockOffset(db: Knex): Promise<string> {
  const offset = await clockAhead(db);
  if (Math.abs(offset) <= mostOffsetMs) return `${Math.abs(offset)} ms off PostgreSQL's`;
  throw new Wrong(
    `this machine is ${Math.abs(offset)} ms ${offset > 0 ? 'behind' : 'ahead of'} PostgreSQL`,
    'set both by NTP: signatures of webhooks and certificates are judged by this clock',
  );
}

async function checkConnections(
  db: Knex,
  ring: () => KeyRing | Promise<KeyRing>,
  connectors: readonly Connector[],
): Promise<Checkup[]> {
  const connections = await listConnections(db);
  const registered = await check('connections', () => {
    const unknown = connections.filter(({ connector }) => !connectors.some(({ name }) => name === connector));
    const disabled = connections.filter(({ enabled }) => !enabled).length;
    const first = unknown[0];
    if (first) {
      throw new Wrong(
        `${unknown.map(({ id }) => id).join(', ')}: connector ${first.connector} is not registered, so nothing runs`,
        'register it in tidemark.config.ts, or remove the connection',
      );
    }
    const needy = connections.filter((one) => one.enabled && one.needsCredentialsSince !== null);
    if (needy[0]) {
      throw new Wrong(
        `${needy.map(({ id }) => id).join(', ')}: the source accepts none of the credentials (${needy[0].needsCredentialsBecause}), so nothing is synced`,
        `give others: tidemark connect ${needy[0].connector} ${needy[0].id} --update`,
      );
    }
    return `${connections.length}, of which ${disabled} disabled`;
  });
  const secrets = await check('secrets', async () => {
    const keys = await ring();
    for (const { id } of connections) await loadSecrets(db, keys, id);
    return `${connections.length} of ${connections.length} connections' can be decrypted`;
  });
  return [registered, secrets];
}

/** Temporal: reachable, its namespace, search attributes, workers on the task queue; and whether its schedules agree with the database. */
export async function checkTemporal(
  { client, address }: { readonly client: Client; readonly address: string },
  db: Knex | undefined,
  connectors: readonly Connector[],
  taskQueue = defaultTaskQueue,
): Promise<Checkup[]> {
  const { namespace } = client.options;
  const reachable = await check('Temporal', async () => {
    const description = await describeNamespace(client, address);
    const days = Number(description.config?.workflowExecutionRetentionTtl?.seconds ?? 0) / 86_400;
    return `namespace ${namespace}, keeps ended workflows for ${Math.round(days * 10) / 10} days`;
  });
  if (!reachable.ok) return [reachable];
  const attributes = await check('search attributes', async () => {
    if (await areRegistered(client)) return 'registered';
    throw new Wrong(
      'not registered: runs carry connection and entity in their memo only',
      "run 'tidemark migrate', or have them added as Keyword",
    );
  });
  const workers = await check('workers', () => pollers(client, taskQueue));
  const schedules = await check('schedules', async () => {
    if (db === undefined) throw new Wrong('not compared, since PostgreSQL cannot be asked', 'see above');
    const compared = await compareSchedules(client, desiredSchedules(connectors, await listConnections(db)), {
      taskQueue,
    });
    const wrong = compared.filter(({ agreement }) => agreement !== 'agrees');
    const [first] = wrong;
    if (first)
      throw new Wrong(
        `${wrong.length} do not agree with the database, such as ${first.id} (${first.agreement})`,
        "run 'tidemark schedules repair'",
      );
    return `${compared.length} agree with the database`;
  });
  return [reachable, attributes, workers, schedules];
}

/** gRPC: there is none of that name. */
const notFound = 5;

async function describeNamespace(client: Client, address: string) {
  const { namespace } = client.options;
  try {
    return await client.withDeadline(Date.now() + 5_000, () => client.workflowService.describeNamespace({ namespace }));
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === notFound) {
      throw new Wrong(`${address} has no namespace '${namespace}'`, 'make it there, or set TEMPORAL_NAMESPACE');
    }
    throw temporalError(error, address);
  }
}

async function pollers(client: Client, taskQueue: string): Promise<string> {
  const count = await pollersOf(client, taskQueue);
  if (count > 0) return `${count} on task queue ${taskQueue}`;
  throw new Wrong(`none has polled task queue ${taskQueue} recently`, "start one with 'tidemark worker'");
}
