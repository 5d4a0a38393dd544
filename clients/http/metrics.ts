import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** A registry of this process, with what every process reports: memory, CPU, event loop. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** What `GET /metrics` returns. */
export interface MetricsSource {
  readonly registry: Registry;
  /** updates what is not counted as it happens */
  readonly refresh?: (() => Promise<void>) | undefined;
}

/** `GET /metrics` in Prometheus' text format, behind the access rules of the scope. */
export function metricsRoute(app: FastifyInstance, { registry, refresh }: MetricsSource): void {
  app.get('/metrics', async (_request, reply) => {
    await refresh?.();
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}

/** Counts the responses of all routes by their pattern, since the number of paths is unbounded. */
export function countAnswers(app: FastifyInstance, registry: Registry): void {
  const answers = new Counter({
    name: 'tidemark_http_answers_total',
    help: 'Responses of this server, by route and status',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  });
  app.addHook('onResponse', async (request, reply) => {
    answers.inc({ method: request.method, route: request.routeOptions.url ?? 'none', status: reply.statusCode });
  });
}

/** A gauge that is set again at each scrape: labels without a value are removed. */
export function freshGauge<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly Label[],
): (values: readonly (readonly [Readonly<Record<Label, string>>, number])[]) => void {
  const gauge = new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] });
  return (values) => {
    gauge.reset();
    for (const [labels, value] of values) gauge.set(labels, value);
  };
}
