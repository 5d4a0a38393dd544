import { randomUUID } from 'node:crypto';
import { type FastifyBaseLogger, type FastifyError, type FastifyInstance, fastify, LogController } from 'fastify';
import type { Logger } from 'pino';
import { messageOf } from '../../schema/errors';
import type { TrustProxy } from '../../schema/settings/trustProxy';
import { refuseAddress, refuseBytes } from './malformed';
import { type Problem, problem, problemOf, sendProblem } from './problem';
import { setSecurityHeaders } from './securityHeaders';

export interface AppOptions {
  /** whose X-Forwarded-For is believed, see `Settings.trustProxy`; default nobody's */
  readonly trustProxy?: TrustProxy | undefined;
}

/** A Fastify server that answers every error as problem+json and logs one line for each request that failed. */
export function createApp(logger: Logger, { trustProxy }: AppOptions = {}): FastifyInstance {
  const app = fastify({
    loggerInstance: logger as FastifyBaseLogger,
    // a line for each of thousands a second would be the most expensive part of taking them
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    // a number: so many proxies are before us, and each has appended the address that it saw
    trustProxy: typeof trustProxy === 'number' ? (_address, hop) => hop < trustProxy : (trustProxy ?? false),
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: refuseAddress,
    clientErrorHandler: refuseBytes(logger),
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    setSecurityHeaders(reply);
  });
  app.addHook('onResponse', async (request, reply) => {
    const level = reply.statusCode >= 500 ? 'error' : reply.statusCode >= 400 ? 'warn' : 'debug';
    request.log[level](
      {
        method: request.method,
        path: pathOf(request.url),
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      'answered',
    );
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = problemOf(error) ?? framework(error);
    if (known === undefined) request.log.error({ err: error }, 'a request failed');
    else if (known.status >= 500)
      request.log.error({ reason: error.message, cause: messageOf(error.cause ?? '') }, 'a request failed');
    return sendProblem(
      reply,
      known ?? problem(500, 'Internal', 'Internal error', 'It was logged under the id in "instance".'),
    );
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      reply,
      problem(404, 'NotFound', 'Not found', `There is no ${request.method} ${pathOf(request.url).slice(0, 200)}.`),
    ),
  );
  return app;
}

/** A query can hold what should not stand in a log, and so does the path of a page that only one person may open. */
function pathOf(url: string): string {
  return (url.split('?')[0] ?? '').replace(/^\/connect\/(?!callback$)[^/]+/, '/connect/[page]');
}

/** What Fastify itself refuses: bodies that are too large, of another type, or no JSON. */
function framework(error: FastifyError): Problem | undefined {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return problem(413, 'TooLarge', 'Too large', 'The body is larger than this server takes: send less at once.');
  }
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return problem(415, 'ForeignContentType', 'Not JSON', 'Send the body as application/json.');
  }
  const status = error.statusCode ?? 500;
  return status >= 400 && status < 500 ? problem(status, 'Usage', 'Wrong request', error.message) : undefined;
}
