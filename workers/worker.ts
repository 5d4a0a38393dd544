import { existsSync } from 'node:fs';
import { Client } from '@temporalio/client';
import {
  type ActivityInterceptorsFactory,
  NativeConnection,
  type NativeConnectionOptions,
  Worker,
} from '@temporalio/worker';
import type { Knex } from 'knex';
import type { Logger } from 'pino';
import { createActivities } from '../activities';
import { type Metrics, noMetrics } from '../activities/metrics';
import type { KeyRing } from '../destination/connections/secrets';
import { measureClock } from '../destination/database/clock';
import { assertSchema } from '../destination/database/migrate';
import { checkRollup } from '../destination/derived/rollups/checkRollup';
import type { Connector } from '../schema/definition/connector';
import { TidemarkError } from '../schema/errors';
import type { ProxyFor } from '../schema/settings/proxies';
import { taskQueue as defaultTaskQueue } from '../schema/workflows';
import type { Tracer } from '../telemetry/trace';
import { builtBundle } from './bundle';
import { activityTracing } from './tracing';

export interface WorkerOptions {
  readonly db: Knex;
  readonly connectors: readonly Connector[];
  readonly keyRing: KeyRing;
  readonly temporal: { readonly connection: NativeConnectionOptions; readonly namespace: string };
  readonly log: Logger;
  /** default: nothing is counted */
  readonly metrics?: Metrics;
  /** default: nothing is traced */
  readonly tracer?: Tracer;
  readonly taskQueue?: string;
  /** how long a source may be unreachable without any progress before a run fails; default ten minutes */
  readonly giveUpAfterMs?: number;
  /** the proxy through which a source is reached; default: none */
  readonly proxyFor?: ProxyFor | undefined;
  /** default: what the build made */
  readonly workflowBundle?: string;
  /** what stands around each attempt of an activity, outermost first; default: nothing but the tracer */
  readonly activityInterceptors?: readonly ActivityInterceptorsFactory[];
  /** workflows kept in memory between their tasks; 0 replays each from its history, as a test does */
  readonly maxCachedWorkflows?: number;
}

export interface RunningWorker {
  /** resolves when the worker has stopped; rejects when it failed */
  readonly stopped: Promise<void>;
  /** drains: running activities are stopped, and continue on another worker */
  stop(): Promise<void>;
}

/** How long what runs gets to stop at shutdown; then its attempt is tried again elsewhere. */
const graceTime = '10s';

/**
 * Starts a worker: workflows and activities on one task queue. Refuses a database whose schema it does not know, and roll-ups whose SQL
 * PostgreSQL refuses. Throws TidemarkError 'TemporalUnavailable' when Temporal does not answer.
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { db, log, taskQueue = defaultTaskQueue, workflowBundle = builtBundle } = options;
  if (!existsSync(workflowBundle))
    throw new TidemarkError('Usage', `The workflows' bundle ${workflowBundle} is missing: run \`npm run build\``);
  await assertSchema(db);
  for (const { rollups } of options.connectors) for (const rollup of rollups) await checkRollup(db, rollup);
  const connection = await connect(options.temporal.connection);
  const clock = await measureClock(db);
  const close = async () => {
    await clock.close();
    await connection.close();
  };
  try {
    const activities = createActivities({
      db,
      clock,
      log,
      metrics: options.metrics ?? noMetrics,
      keyRing: options.keyRing,
      taskQueue,
      connectors: new Map(options.connectors.map((connector) => [connector.name, connector])),
      temporal: new Client({ connection, namespace: options.temporal.namespace }),
      giveUpAfterMs: options.giveUpAfterMs ?? 600_000,
      proxyFor: options.proxyFor,
    });
    const worker = await Worker.create({
      connection,
      namespace: options.temporal.namespace,
      taskQueue,
      workflowBundle: { codePath: workflowBundle },
      activities,
      interceptors: {
        activity: [
          ...(options.activityInterceptors ?? []),
          ...(options.tracer ? [activityTracing(options.tracer)] : []),
        ],
      },
      shutdownGraceTime: graceTime,
      shutdownForceTime: '20s',
      maxConcurrentActivityTaskExecutions: 50,
      // a beat a second is what keeps a killed worker's work from waiting longer than the heartbeat time-out
      maxHeartbeatThrottleInterval: '3s',
      defaultHeartbeatThrottleInterval: '3s',
      ...(options.maxCachedWorkflows === undefined ? {} : { maxCachedWorkflows: options.maxCachedWorkflows }),
    });
    const stopped = runToTheEnd(worker, close);
    // every caller that stops it awaits the same promise
    stopped.catch((error: unknown) => log.error({ err: error }, 'the worker failed'));
    return {
      stopped,
      async stop() {
        if (worker.getState() === 'RUNNING') worker.shutdown();
        await stopped;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function runToTheEnd(worker: Worker, close: () => Promise<void>): Promise<void> {
  try {
    await worker.run();
  } finally {
    await close();
  }
}

async function connect(options: NativeConnectionOptions): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(options);
  } catch (error) {
    throw new TidemarkError(
      'TemporalUnavailable',
      `Temporal at ${options.address ?? 'localhost:7233'} does not answer: is it running, and is TEMPORAL_ADDRESS correct?`,
      { cause: error },
    );
  }
}
