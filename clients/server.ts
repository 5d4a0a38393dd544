import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import type { DestinationStream } from 'pino';
import { keyRing } from '../destination/connections/secrets';
import { assertSchema } from '../destination/database/migrate';
import type { TidemarkConfig } from '../schema/definition/connector';
import { messageOf, TidemarkError } from '../schema/errors';
import type { Settings } from '../schema/settings/settings';
import { createExporter } from '../telemetry/exporter';
import { createLogger } from '../telemetry/logger';
import { Tracer } from '../telemetry/trace';
import { apiRoutes } from './http/api/api';
import { createApp } from './http/app';
import { connectRoutes } from './http/connectRoutes';
import { healthRoutes } from './http/health';
import { assertKeyed } from './http/key';
import { listen } from './http/listen';
import { countAnswers, createRegistry } from './http/metrics';
import { addFactMetrics } from './http/metrics/factMetrics';
import { traceRequests } from './http/tracing';
import { webhookRoute } from './http/webhooks/webhookRoute';
import { agreeAtStart } from './schedules/agreeAtStart';
import { createDispatcher } from './webhooks/dispatch';
import { endpoints } from './webhooks/endpoints';
import { createInboxWriter } from './webhooks/inboxWriter';

export interface ServerOptions {
  readonly settings: Settings;
  readonly config: TidemarkConfig;
  /** a pool of 10 connections or more; stays open */
  readonly db: Knex;
  /** may be unreachable for now (`connectTemporalLater`); stays open */
  readonly temporal: { readonly client: Client; readonly address: string };
  readonly taskQueue?: string | undefined;
  /** where log lines go; default standard output */
  readonly logTo?: DestinationStream | undefined;
  /** largest webhook body in bytes; default 1 MiB */
  readonly webhookBodyLimit?: number | undefined;
  /** how often one address may ask the API in a minute; default 600 */
  readonly requestsPerMinute?: number | undefined;
}

export interface RunningServer {
  /** such as `http://127.0.0.1:8080`, with the port that was really taken */
  readonly url: string;
  /** Takes no more requests, ends those under way, hands over what was stored. Can be called twice. */
  close(): Promise<void>;
}

/** Requests under way when the server ends get so long. */
const drainLimitMs = 10_000;

/**
 * The server: webhooks, health, API. Starts while PostgreSQL or Temporal are down and says so under /readyz.
 * Throws TidemarkError 'Usage' when a key is missing, when the database's tables don't fit, or when the port is taken.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { settings, config, db, taskQueue } = options;
  const { client, address: temporalAddress } = options.temporal;
  const { connectors } = config;
  assertKeyed(settings.apiKey, settings.host);
  const ring = keyRing(settings.encryptionKey);
  const log = createLogger(settings.logLevel, options.logTo);
  await refuseMisfit(db, log);

  const ending = new AbortController();
  const app = createApp(log, { trustProxy: settings.trustProxy });
  const exporter = settings.traces && createExporter({ ...settings.traces, service: 'tidemark-server', log });
  if (exporter) traceRequests(app, new Tracer(exporter));
  const registry = createRegistry();
  const metrics = { registry, refresh: addFactMetrics(registry, { db, connectors, log }) };
  countAnswers(app, registry);
  const writer = createInboxWriter({ db });
  const dispatcher = createDispatcher({ db, client, taskQueue, log });
  // each in a scope of its own, since they parse bodies and let people in differently
  app.register((scope, _options, done) => {
    healthRoutes(scope, { assertSchema: () => assertSchema(db), client, draining: () => ending.signal.aborted });
    done();
  });
  app.register((scope, _options, done) => {
    const { requestsPerMinute } = options;
    const context = { db, client, connectors, taskQueue, ring, temporalAddress };
    apiRoutes(scope, { ...context, apiKey: settings.apiKey, requestsPerMinute, metrics }).then(() => done(), done);
  });
  app.register((scope, _options, done) => {
    const bodyLimit = options.webhookBodyLimit;
    webhookRoute(scope, { endpoints: endpoints({ db, connectors, ring }), writer, dispatcher, bodyLimit });
    done();
  });
  app.register((scope, _options, done) => {
    const { proxyFor } = settings;
    connectRoutes(scope, { db, client, connectors, ring, taskQueue, proxyFor, log }).then(() => done(), done);
  });
  const url = await listen(app, settings, 'PORT').catch(async (error: unknown) => {
    ending.abort();
    await dispatcher.close();
    throw error;
  });
  log.info({ url }, 'listening');
  const agreeing = agreeAtStart({ db, client, connectors, taskQueue, log, signal: ending.signal });

  let closing: Promise<void> | undefined;
  return {
    url,
    close() {
      closing ??= drain();
      return closing;
    },
  };

  async function drain(): Promise<void> {
    ending.abort();
    // a client that keeps its connection busy must not hold the end up
    const limit = setTimeout(() => app.server.closeAllConnections(), drainLimitMs);
    try {
      await app.close();
    } finally {
      clearTimeout(limit);
    }
    await writer.idle();
    await Promise.all([dispatcher.close(), agreeing]);
    await exporter?.close();
    log.info({}, 'closed');
  }
}

/** A database that can't be reached is waited for; one that does not fit never will. */
async function refuseMisfit(db: Knex, log: { warn(details: object, message: string): void }): Promise<void> {
  try {
    await assertSchema(db);
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.type === 'Usage') throw error;
    log.warn({ reason: messageOf(error) }, 'PostgreSQL is not there yet: webhooks are answered with 503');
  }
}
