import type { Client } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import type { Knex } from 'knex';
import { z } from 'zod';
import { destinationError } from '../../destination/destinationError';
import { listRuns } from '../../destination/runs';
import type { Connector } from '../../schema/connector';
import { startDelta, startReconciliation, startRecord } from '../start';
import { readStatus } from '../status';
import { findTarget } from '../targets';
import { requireKey } from './key';
import { readBody, readQuery } from './read';

export interface ApiParts {
  readonly db: Knex;
  readonly client: Client;
  readonly connectors: readonly Connector[];
  readonly taskQueue: string | undefined;
  readonly apiKey: string | undefined;
}

const name = z.string().min(1).max(100);
const filter = z.strictObject({ connection: name.optional(), entity: name.optional() });
const runsQuery = filter.extend({
  limit: z
    .string()
    .regex(/^\d{1,4}$/, { error: 'must be a number from 1 to 1000' })
    .transform(Number)
    .pipe(z.int().min(1).max(1000))
    .default(20),
});
const target = z.strictObject({ connection: name, entity: name });
const sync = target.extend({ full: z.boolean().default(false) });
const reconcile = target.extend({ dryRun: z.boolean().default(false) });
const record = target.extend({ id: z.string().min(1).max(1_000) });

/** The API for machines, behind the key: what `tidemark status`, `runs`, `sync`, `reconcile` and `record` do. */
export function apiRoutes(app: FastifyInstance, parts: ApiParts): void {
  const { db, client, connectors, taskQueue } = parts;
  const context = { db, client, taskQueue };
  requireKey(app, parts.apiKey);

  app.get('/api/status', async (request) => {
    const { connection, entity } = readQuery(filter, request);
    return told(readStatus(db, connectors, client, { connectionId: connection, entity }));
  });

  app.get('/api/runs', async (request) => {
    const { connection, entity, limit } = readQuery(runsQuery, request);
    return { runs: await told(listRuns(db, { connectionId: connection, entity, limit })) };
  });

  app.post('/api/sync', async (request, reply) => {
    const { connection, entity, full } = readBody(sync, request);
    await told(findTarget(db, connectors, connection, entity));
    const started = await told(startDelta(context, { connectionId: connection, entity }, { full, trigger: 'api' }));
    return reply.code(202).send({ workflowId: started.workflowId });
  });

  app.post('/api/reconcile', async (request, reply) => {
    const { connection, entity, dryRun } = readBody(reconcile, request);
    await told(findTarget(db, connectors, connection, entity));
    const options = { dryRun, trigger: 'api' as const };
    const started = await told(startReconciliation(context, { connectionId: connection, entity }, options));
    return reply.code(202).send({ workflowId: started.workflowId });
  });

  app.post('/api/record', async (request, reply) => {
    const { connection, entity, id } = readBody(record, request);
    const found = await told(findTarget(db, connectors, connection, entity));
    const started = await told(startRecord(context, { connectionId: connection, entity: found.entity, id }));
    return reply.code(202).send({ workflowId: started.workflowId });
  });
}

/** What a failure of PostgreSQL means. */
async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw destinationError(error);
  }
}
