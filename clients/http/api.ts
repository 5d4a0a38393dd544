import type { FastifyInstance } from 'fastify';
import { takeJson } from './jsonBody';
import { requireKey } from './key';
import { limitRequests } from './limit';
import { type MetricsSource, metricsRoute } from './metrics';
import { describeApi } from './openapi';
import { mount, type Operation } from './operation';
import { careOperations } from './operations/care';
import { connectionOperations } from './operations/connections';
import type { ApiContext } from './operations/context';
import { lookOperations } from './operations/look';
import { planOperations } from './operations/plans';
import { recordOperations } from './operations/records';
import { setAsideOperations } from './operations/setAside';
import { startOperations } from './operations/start';
import { webhookOperations } from './operations/webhooks';

export interface ApiParts extends ApiContext {
  readonly apiKey: string | undefined;
  /** requests of one address in a minute */
  readonly requestsPerMinute?: number | undefined;
  /** told at `/metrics` */
  readonly metrics: MetricsSource;
}

/** Everything that the API does. */
export function apiOperations(context: ApiContext): Operation[] {
  return [
    lookOperations,
    startOperations,
    planOperations,
    connectionOperations,
    careOperations,
    recordOperations,
    setAsideOperations,
    webhookOperations,
  ].flatMap((of) => of(context));
}

/** The API for machines, behind the key: what the command line does, described at `/api/openapi.json`. */
export async function apiRoutes(app: FastifyInstance, parts: ApiParts): Promise<void> {
  await limitRequests(app, parts.apiKey, parts.requestsPerMinute);
  requireKey(app, parts.apiKey);
  takeJson(app);
  const operations = apiOperations(parts);
  for (const one of operations) mount(app, one);
  const description = describeApi(operations);
  metricsRoute(app, parts.metrics);
  app.get('/api/openapi.json', async () => description);
}
