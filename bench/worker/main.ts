import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import pino from 'pino';
import { keyRing } from '../../destination/connections/secrets';
import { connectDatabase } from '../../destination/database/database';
import { startWorker } from '../../workers/worker';
import { benchConnector, type ConnectorOptions } from '../connector';
import { runProgram } from '../program';

/** What a worker of the benchmark works on. */
export interface WorkerInput {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly taskQueue: string;
  readonly connector: ConnectorOptions;
  readonly encryptionKey: string;
}

export interface Usage {
  readonly rssBytes: number;
  readonly peakRssBytes: number;
  /** of all threads, user and system */
  readonly cpuMs: number;
}

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
});

runProgram<WorkerInput>(async ({ databaseUrl, temporalAddress, taskQueue, connector, encryptionKey }) => {
  const db = connectDatabase(databaseUrl, { poolSize: 25, applicationName: 'tidemark worker' });
  const worker = await startWorker({
    db,
    connectors: [benchConnector(connector)],
    keyRing: keyRing(encryptionKey),
    temporal: { connection: { address: temporalAddress }, namespace: 'default' },
    log: pino({ level: process.env.LOG_LEVEL ?? 'warn' }, pino.destination(2)),
    taskQueue,
  });
  return {
    ready: {},
    answers: {
      usage: (): Usage => {
        const { user, system } = process.cpuUsage();
        return {
          rssBytes: process.memoryUsage.rss(),
          peakRssBytes: process.resourceUsage().maxRSS * 1024,
          cpuMs: (user + system) / 1_000,
        };
      },
    },
    async stop() {
      await worker.stop();
      await db.destroy();
    },
  };
});
