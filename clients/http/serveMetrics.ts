import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Settings } from '../../schema/settings/settings';
import { createApp } from './app';
import { assertKeyed, requireKey } from './key';
import { limitRequests } from './limit';
import { listen } from './listen';
import { metricsRoute } from './metrics';

/**
 * Serves a worker's metrics at METRICS_PORT, behind the API's key; undefined where none is set. `/healthz` is open.
 * Throws TidemarkError 'Usage' when others could reach it without a key, or when the port is taken.
 */
export async function serveMetrics(
  { metricsPort, host, apiKey }: Settings,
  registry: Registry,
  log: Logger,
): Promise<{ readonly url: string; close(): Promise<void> } | undefined> {
  if (metricsPort === undefined) return undefined;
  assertKeyed(apiKey, host);
  const app = createApp(log);
  app.get('/healthz', async () => ({ status: 'alive' }));
  app.register((scope, _options, done) => {
    limitRequests(scope, apiKey)
      .then(() => {
        requireKey(scope, apiKey);
        metricsRoute(scope, { registry });
      })
      .then(() => done(), done);
  });
  const url = await listen(app, { host, port: metricsPort }, 'METRICS_PORT');
  log.info({ url }, 'metrics are served');
  return {
    url,
    close: async () => {
      await app.close();
    },
  };
}
