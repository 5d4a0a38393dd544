import type { Client } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import type { Knex } from 'knex';
import { assertSchema } from '../../destination/database/migrate';
import { messageOf } from '../../schema/errors';
import { temporalError } from '../temporal/temporal';

export interface HealthParts {
  readonly db: Knex;
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
export function healthRoutes(app: FastifyInstance, { db, client, draining }: HealthParts): void {
  app.get('/healthz', async () => ({ status: 'alive' }));

  let last: { readonly answer: Promise<Readiness>; readonly until: number } | undefined;
  app.get('/readyz', async (request, reply) => {
    if (draining()) return reply.code(503).send({ status: 'draining' });
    if (last === undefined || last.until < performance.now()) {
      last = { answer: readiness(db, client, request.log), until: performance.now() + believedMs };
    }
    const answer = await last.answer;
    return reply.code(answer.status === 'unavailable' ? 503 : 200).send(answer);
  });
}

async function readiness(
  db: Knex,
  client: Client,
  log: { warn(details: object, message: string): void },
): Promise<Readiness> {
  const [postgres, temporal] = await Promise.all([
    told(() => assertSchema(db)),
    told(async () => {
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

  async function told(ask: () => Promise<void>): Promise<string> {
    try {
      await ask();
      return 'ok';
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'not ready');
      return error instanceof Error && error.name === 'Usage' ? 'does not fit' : 'unreachable';
    }
  }
}
