import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { createConnection } from '../destination/connections/connections';
import { keyRing, saveSecrets } from '../destination/connections/secrets';
import { connectDatabase } from '../destination/database/database';
import { ensureTable } from '../destination/rows/tables';
import { type ReconciliationResult, type RunResult, workflowNames } from '../schema/workflows';
import { workerEnvironment } from '../workers/environment';
import {
  benchConnector,
  type ConnectorOptions,
  connectorName,
  entityName,
  tableName,
  webhookSecret,
} from './connector';
import { type Program, startProgram } from './program';
import type { SourceInput, SourceReady } from './source/main';
import type { Usage, WorkerInput } from './worker/main';

export const connectionId = 'bench';
export const encryptionKey = 'ab'.repeat(32);

/** A whole engine for one measurement: source, database and workers, all its own. */
export interface Engine {
  readonly db: Knex;
  readonly databaseUrl: string;
  readonly client: Client;
  readonly taskQueue: string;
  readonly source: Program<SourceReady>;
  readonly workers: readonly Program<object>[];
  delta(full?: boolean): Promise<RunResult>;
  reconcile(dryRun?: boolean): Promise<ReconciliationResult>;
  /** of all workers together */
  usage(): Promise<Usage>;
  startWorker(): Promise<Program<object>>;
  close(): Promise<void>;
}

export interface EngineOptions {
  readonly source: SourceInput;
  readonly connector?: ConnectorOptions;
  readonly workers?: number;
  /** flags of Node for the workers, such as `--cpu-prof` */
  readonly workerFlags?: readonly string[];
}

let engines = 0;

/** What an engine stands on. */
export interface Ground {
  readonly client: Client;
  readonly temporalAddress: string;
  /** makes a database of its own, migrated and empty; returns its URL */
  newDatabase(): Promise<string>;
}

export async function startEngine(ground: Ground, options: EngineOptions): Promise<Engine> {
  engines += 1;
  const taskQueue = `bench-${process.pid}-${engines}`;
  const { connector = {} } = options;
  const databaseUrl = await ground.newDatabase();
  const db = connectDatabase(databaseUrl, { applicationName: 'tidemark bench' });
  const source = await startProgram<SourceReady>('source', options.source);
  await createConnection(db, { id: connectionId, connector: connectorName, settings: { baseUrl: source.ready.url } });
  await saveSecrets(db, keyRing(encryptionKey), connectionId, { token: 'token', webhook: webhookSecret });
  await makeTable(db, connector);
  const workers: Program<object>[] = [];
  const input: WorkerInput = {
    databaseUrl,
    temporalAddress: ground.temporalAddress,
    taskQueue,
    connector,
    encryptionKey,
  };
  const startWorker = async () => {
    const worker = await startProgram<object>('worker', input, options.workerFlags, workerEnvironment);
    workers.push(worker);
    return worker;
  };
  for (let count = options.workers ?? 1; count > 0; count--) await startWorker();

  let workflows = 0;
  const execute = <T>(workflow: string, further: object): Promise<T> => {
    workflows += 1;
    return ground.client.workflow.execute<() => Promise<T>>(workflow, {
      taskQueue,
      workflowId: `${taskQueue}-${workflow}-${workflows}`,
      args: [{ connectionId, entity: entityName, trigger: 'api', ...further }] as unknown as [],
    }) as Promise<T>;
  };
  return {
    db,
    databaseUrl,
    client: ground.client,
    taskQueue,
    source,
    workers,
    startWorker,
    delta: (full = false) => execute<RunResult>(workflowNames.deltaSync, { full }),
    reconcile: (dryRun = false) => execute<ReconciliationResult>(workflowNames.reconciliation, { dryRun }),
    async usage() {
      const each = await Promise.all(workers.map((worker) => worker.ask<Usage>('usage')));
      return each.reduce((sum, usage) => ({
        rssBytes: sum.rssBytes + usage.rssBytes,
        peakRssBytes: sum.peakRssBytes + usage.peakRssBytes,
        cpuMs: sum.cpuMs + usage.cpuMs,
      }));
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.stop()));
      await source.stop();
      await db.destroy();
    },
  };
}

/** The table as a user would have it: the primary key, and one index of their own. */
async function makeTable(db: Knex, connector: ConnectorOptions): Promise<void> {
  const entity = benchConnector(connector).entities.get(entityName);
  if (!entity) throw new Error(`the connector has no entity ${entityName}`);
  await ensureTable(db, entity);
  await db.raw(`create index on ${tableName} (source_updated_at)`);
}

/** Makes the engine forget what it has read, so that the next delta is a first one. */
export async function forget({ db }: Engine): Promise<void> {
  await db.raw(`truncate ${tableName}`);
  await db.raw('delete from tidemark.cursors');
  await db.raw('delete from tidemark.entities');
  await db.raw('delete from tidemark.runs');
}
