import { makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { destination, type Logger } from 'pino';
import { keyRing } from '../../../destination/connections/secrets';
import { connectDatabase } from '../../../destination/database/database';
import { type LogLevel, readSettings } from '../../../schema/settings/settings';
import { temporalConfig } from '../../../schema/settings/temporalConfig';
import { createExporter } from '../../../telemetry/exporter';
import { createLogger } from '../../../telemetry/logger';
import { Tracer } from '../../../telemetry/trace';
import { createWorkerMetrics } from '../../../workers/metrics';
import { startWorker } from '../../../workers/worker';
import { loadConfig } from '../../config';
import { serveMetrics } from '../../http/serveMetrics';
import { resolveEnvironment } from '../terminal/session';
import type { Shell } from '../terminal/shell';
import { stopSignal } from '../terminal/signals';

/** as many as activities may run at once, halved: few of them use PostgreSQL at the same time */
const poolSize = 25;

/** Runs a worker until SIGINT or SIGTERM, then drains it. */
export async function runWorker(shell: Shell): Promise<void> {
  const settings = readSettings(await resolveEnvironment(shell));
  const log = createLogger(settings.logLevel, destination(2));
  const { file, connectors } = await loadConfig(shell.cwd, shell.configFile);
  const ring = keyRing(settings.encryptionKey);
  useLog(log);
  const stop = stopSignal();
  const db = connectDatabase(settings.databaseUrl ?? '', { poolSize, applicationName: 'tidemark worker' });
  try {
    const temporal = temporalConfig(settings);
    const { metrics, registry } = createWorkerMetrics();
    const exporter = settings.traces && createExporter({ ...settings.traces, service: 'tidemark-worker', log });
    const tracing = exporter ? { tracer: new Tracer(exporter) } : {};
    const { proxyFor } = settings;
    const worker = await startWorker({ db, connectors, keyRing: ring, temporal, log, metrics, proxyFor, ...tracing });
    const endpoint = await serveMetrics(settings, registry, log);
    const { address } = temporal.connection;
    const names = connectors.map(({ name }) => name);
    log.info(
      { temporal: address, namespace: temporal.namespace, connectors: names, config: file ?? 'bundled' },
      'started',
    );
    const signal = await Promise.race([stop, worker.stopped.then(() => undefined)]);
    if (signal !== undefined) log.info({ signal }, 'stopping');
    await worker.stop();
    await endpoint?.close();
    await exporter?.close();
    log.info('stopped');
  } finally {
    await db.destroy();
  }
}

/** The SDK's own log lines go where ours go; signals are ours, since the database has to be closed after the worker. */
function useLog(log: Logger): void {
  const level: Readonly<Record<string, LogLevel>> = {
    TRACE: 'trace',
    DEBUG: 'debug',
    INFO: 'info',
    WARN: 'warn',
    ERROR: 'error',
  };
  const write = (name: string) => (message: string, meta?: object) => log[levelOf(name)]({ ...meta }, message);
  const levelOf = (name: string) => (level[name] ?? 'info') as Exclude<LogLevel, 'silent'>;
  Runtime.install({
    shutdownSignals: [],
    logger: {
      log: (name, message, meta) => write(name)(message, meta),
      trace: write('TRACE'),
      debug: write('DEBUG'),
      info: write('INFO'),
      warn: write('WARN'),
      error: write('ERROR'),
    },
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) } },
  });
}
