import type { Client } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import { messageOf } from '../../schema/errors';
import { temporalError } from '../temporal/temporal';

export interface HealthParts {
  /** Throws where PostgreSQL cannot be reached, or its tables do not fit this version. */
  readonly assertSchema: () => Promise<void>;
  readonly client: Client;
  /** set while the server ends: no more traffic, please */
  readonly draining: () => boolean;
}

/** Whoever asks often is answered from memory. */
const believedMs = 1_000;

interface Readiness {
  readonly status: 'ready' | 'degraded' | 'draining' | 'unavailable';
  readonly postgres: string;
  readonly temporal: string;
}

/**
 * `GET /healthz`: the process lives. `GET /readyz`: 200 when PostgreSQL is there and fits; without Temporal `degraded`, since
 * webhooks are stored all the same; 503 otherwise. Open to everybody, so it says nothing about data or addresses.
 */
export function healthRoutes(app: FastifyInstance, { assertSchema, client, draining }: HealthParts): void {
  app.get('/healthz', async () => ({ status: 'alive' }));

  let last: { readonly answer: Promise<Readiness>; readonly until: number } | undefined;
  app.get('/readyz', async (request, reply) => {
    if (draining()) return reply.code(503).send({ status: 'draining' });
    if (last === undefined || last.until < performance.now()) {
      last = { answer: readiness(assertSchema, client, request.log), until: performance.now() + believedMs };
    }
    const answer = await last.answer;
    return reply.code(answer.status === 'unavailable' ? 503 : 200).send(answer);
  });
}

async function readiness(
  assertSchema: HealthParts['assertSchema'],
  client: Client,
  log: { warn(details: object, message: string): void },
): Promise<Readiness> {
  const [postgres, temporal] = await Promise.all([
    found(assertSchema),
    found(async () => {
      try {
        await client.withDeadline(Date.now() + 2_000, () =>
          client.workflowService.describeNamespace({ namespace: client.options.namespace }),
        );
      } catch (error) {
        throw temporalError(error);
      }
    }),
  ]);
  const status = postgres !== 'ok' ? 'unavailable' : temporal !== 'ok' ? 'degraded' : 'ready';
  return { status, postgres, temporal };

  async function found(ask: () => Promise<void>): Promise<string> {
    try {
      await ask();
      return 'ok';
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'not ready');
      return error instanceof Error && error.name === 'Usage' ? 'does not fit' : 'unreachable';
    }
  }
}
