import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** A registry of this process, with what every process tells: memory, CPU, event loop. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** What `GET /metrics` tells. */
export interface MetricsSource {
  readonly registry: Registry;
  /** brings up to date what is not counted as it happens */
  readonly refresh?: (() => Promise<void>) | undefined;
}

/** `GET /metrics` in Prometheus' text format. Behind whatever guards the scope. */
export function metricsRoute(app: FastifyInstance, { registry, refresh }: MetricsSource): void {
  app.get('/metrics', async (_request, reply) => {
    await refresh?.();
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}

/** Counts the answers of all routes by their pattern: paths themselves would be without number. */
export function countAnswers(app: FastifyInstance, registry: Registry): void {
  const answers = new Counter({
    name: 'tidemark_http_answers_total',
    help: 'Requests that this server answered, by route and status',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  });
  app.addHook('onResponse', async (request, reply) => {
    answers.inc({ method: request.method, route: request.routeOptions.url ?? 'none', status: reply.statusCode });
  });
}

/** A gauge that is told anew at each scrape: what it does not name any more is gone. */
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
