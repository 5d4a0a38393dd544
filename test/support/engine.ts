import type { WorkflowHandle } from '@temporalio/client';
import type { Knex } from 'knex';
import pino from 'pino';
import { planningCenter } from '../../connectors/planning-center/connector';
import { type Simulator, startPlanningCenterSimulator } from '../../connectors/planning-center/simulator';
import { createConnection } from '../../destination/connections/connections';
import { keyRing, saveSecrets } from '../../destination/connections/secrets';
import { connectDatabase } from '../../destination/database/database';
import type { Connector } from '../../schema/definition/connector';
import {
  type ReconciliationResult,
  type RunResult,
  type SingleRecordResult,
  workflowNames,
} from '../../schema/workflows';
import { type RunningWorker, startWorker, type WorkerOptions } from '../../workers/worker';
import {
  atEnd,
  type TestDatabase,
  type TestTemporal,
  testDatabase,
  testSettings,
  testTemporal,
  uniqueTaskQueue,
} from '../environment';
import { quick } from './quick';

/** The key under which tests keep secrets. */
export const encryptionKey = 'ab'.repeat(32);
export const ring = keyRing(encryptionKey);
export const connectionId = 'demo';

/** A whole engine for one test file: database, namespace, worker and connection, all its own. */
export interface Engine {
  readonly db: Knex;
  readonly database: TestDatabase;
  readonly temporal: TestTemporal;
  readonly taskQueue: string;
  readonly worker: RunningWorker;
  readonly connector: Connector;
  /** a further worker on the same queue */
  startWorker(options?: Partial<WorkerOptions>): Promise<RunningWorker>;
  delta(entity: string, full?: boolean): Promise<RunResult>;
  reconcile(entity: string, dryRun?: boolean): Promise<ReconciliationResult>;
  record(entity: string, id: string): Promise<SingleRecordResult>;
  start<T>(workflow: string, input: object): Promise<WorkflowHandle<() => Promise<T>>>;
  /** live rows of a table, by id */
  rows(table: string): Promise<Map<string, Record<string, unknown>>>;
}

export interface EngineOptions {
  readonly connector: Connector;
  readonly settings: Record<string, string>;
  readonly secrets?: Record<string, string>;
  readonly worker?: Partial<WorkerOptions>;
  /** sets the database up before the engine connects; returns the URL to connect to */
  readonly prepare?: (database: TestDatabase) => Promise<string>;
}

export async function startEngine({ connector, settings, secrets = {}, ...options }: EngineOptions): Promise<Engine> {
  const database = await testDatabase();
  const temporal = await testTemporal();
  const taskQueue = uniqueTaskQueue();
  const db = connectDatabase((await options.prepare?.(database)) ?? database.url);
  atEnd(() => db.destroy());
  await createConnection(db, { id: connectionId, connector: connector.name, settings });
  await saveSecrets(db, ring, connectionId, secrets);

  const start = async (further: Partial<WorkerOptions> = {}) => {
    const worker = await startWorker({
      db,
      connectors: [connector],
      keyRing: ring,
      temporal: { connection: { address: temporal.address }, namespace: temporal.namespace },
      log: pino({ level: process.env.LOG_LEVEL ?? 'silent' }),
      taskQueue,
      workflowBundle: testSettings().workflowBundle,
      ...options.worker,
      ...further,
    });
    atEnd(() => worker.stop());
    return worker;
  };
  const worker = await start();
  let workflows = 0;
  const startWorkflow = <T>(workflow: string, input: object) =>
    temporal.client.workflow.start<() => Promise<T>>(workflow, {
      taskQueue,
      workflowId: `${workflow}-${++workflows}`,
      // the type of its one argument is the caller's business
      args: [input] as unknown as [],
    });
  const execute = async <T>(workflow: string, input: object) =>
    (await startWorkflow<T>(workflow, input)).result() as Promise<T>;

  return {
    db,
    database,
    temporal,
    taskQueue,
    worker,
    connector,
    startWorker: start,
    start: startWorkflow,
    delta: (entity, full = false) => execute(workflowNames.deltaSync, { connectionId, entity, full, trigger: 'api' }),
    reconcile: (entity, dryRun = false) =>
      execute(workflowNames.reconciliation, { connectionId, entity, dryRun, trigger: 'api' }),
    record: (entity, id) => execute(workflowNames.singleRecord, { connectionId, entity, id }),
    async rows(table) {
      const rows = await db(table).whereNull('deleted_at').andWhere({ connection_id: connectionId });
      return new Map(rows.map((row) => [row.external_id, row]));
    },
  };
}

/** An engine over the Planning Center simulator. */
export async function startChurch(
  size: { people: number; donations?: number },
  worker: Partial<WorkerOptions> = {},
  connector: Connector = quick(planningCenter),
): Promise<{ engine: Engine; simulator: Simulator; control: Simulator['control'] }> {
  const credentials = { appId: 'app', secret: 'pass' };
  const simulator = await startPlanningCenterSimulator({
    people: size.people,
    donations: size.donations ?? 0,
    ...credentials,
    rateLimit: false,
  });
  atEnd(() => simulator.stop());
  const engine = await startEngine({
    connector,
    settings: { baseUrl: simulator.url },
    secrets: { ...credentials, webhookSecret: 'hook' },
    worker,
  });
  return { engine, simulator, control: simulator.control };
}
