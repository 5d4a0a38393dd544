import type { FastifyInstance } from 'fastify';
import { parseTraceparent, type Tracer } from '../../telemetry/trace';

/** Makes each request a step: of the sender's trace where it names one, else of one that begins here. Health and metrics are left out. */
export function traceRequests(app: FastifyInstance, tracer: Tracer): void {
  app.addHook('preHandler', (request, reply, done) => {
    const { url: route = 'none' } = request.routeOptions;
    if (['/healthz', '/readyz', '/metrics', 'none'].includes(route)) return done();
    const attributes = { 'http.request.method': request.method, 'http.route': route, ...aboutOf(request.params) };
    const parent = parseTraceparent(request.headers.traceparent);
    tracer
      .run(`${request.method} ${route}`, { kind: 'server', parent, attributes }, async (span) => {
        const ended = new Promise<void>((resolve) => reply.raw.once('close', resolve));
        done();
        await ended;
        span.add({ 'http.response.status_code': reply.statusCode });
      })
      .catch((error: unknown) => request.log.error({ err: error }, 'a request could not be traced'));
  });
}

function aboutOf(params: unknown): Readonly<Record<string, string>> {
  const { connection } = (params ?? {}) as { connection?: unknown };
  return typeof connection === 'string' ? { 'tidemark.connection': connection } : {};
}
