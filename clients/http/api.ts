import type { FastifyInstance } from 'fastify';
import { operations } from '../operations';
import { readyContext } from '../operations/context';
import { takeJson } from './jsonBody';
import { requireKey } from './key';
import { limitRequests } from './limit';
import { type MetricsSource, metricsRoute } from './metrics';
import { describeApi } from './openapi';
import { mount, type Operation } from './operation';
import { careOperations } from './operations/care';
import { connectionOperations } from './operations/connections';
import type { ApiContext } from './operations/context';
import { routeOf } from './project';

export interface ApiParts extends ApiContext {
  readonly apiKey: string | undefined;
  /** requests of one address in a minute */
  readonly requestsPerMinute?: number | undefined;
  /** told at `/metrics` */
  readonly metrics: MetricsSource;
}

/** Everything that the API does. */
export async function apiOperations(context: ApiContext): Promise<Operation[]> {
  const operationContext = readyContext(context);
  const projected = await Promise.all(operations.map((one) => routeOf(one, operationContext)));
  const others = [connectionOperations, careOperations].flatMap((of) => of(context));
  return [...projected, ...others];
}

/** The API for machines, behind the key: what the command line does, described at `/api/openapi.json`. */
export async function apiRoutes(app: FastifyInstance, parts: ApiParts): Promise<void> {
  await limitRequests(app, parts.apiKey, parts.requestsPerMinute);
  requireKey(app, parts.apiKey);
  takeJson(app);
  const routes = await apiOperations(parts);
  for (const one of routes) mount(app, one);
  const description = describeApi(routes);
  metricsRoute(app, parts.metrics);
  app.get('/api/openapi.json', async () => description);
}
