import type { FastifyInstance } from 'fastify';
import { operations } from '../../operations';
import { type ContextParts, readyContext } from '../../operations/definition/context';
import { requireKey } from '../key';
import { limitRequests } from '../limit';
import { type MetricsSource, metricsRoute } from '../metrics';
import { mountAliases } from './aliases';
import { describeAliases } from './aliasPaths';
import { takeJson } from './jsonBody';
import { describeApi } from './openapi';
import { routeOf } from './project';
import { mount, type Route } from './route';
import { uploadRoute } from './uploadRoute';

export interface ApiParts extends ContextParts {
  readonly apiKey: string | undefined;
  /** requests of one address in a minute */
  readonly requestsPerMinute?: number | undefined;
  /** reported at `/metrics` */
  readonly metrics: MetricsSource;
}

/** Everything that the API does. */
export async function apiOperations(context: ContextParts): Promise<Route[]> {
  const operationContext = readyContext(context);
  return Promise.all(operations.map((one) => routeOf(one, operationContext)));
}

/** The API for machines, behind the key: what the command line does, described at `/api/openapi.json`. */
export async function apiRoutes(app: FastifyInstance, parts: ApiParts): Promise<void> {
  await limitRequests(app, parts.apiKey, parts.requestsPerMinute);
  requireKey(app, parts.apiKey);
  takeJson(app);
  const routes = await apiOperations(parts);
  for (const one of routes) mount(app, one);
  await uploadRoute(app, readyContext(parts));
  const description = describeApi(routes);
  metricsRoute(app, parts.metrics);
  const byName = new Map(
    operations.flatMap(({ name }, index) => (routes[index] ? [[name, routes[index]] as const] : [])),
  );
  mountAliases(app, parts.connectors, byName);
  const { paths, ...described } = description;
  const all = { ...described, paths: { ...paths, ...describeAliases(parts.connectors, byName) } };
  app.get('/api/openapi.json', async () => all);
}
