import { z } from 'zod';
import { startDelta, startReconciliation, startRecord } from '../../start';
import { findTarget } from '../../targets';
import { type Operation, operation } from '../operation';
import { name, started, text } from '../shapes';
import type { ApiContext } from './context';

const target = z.strictObject({ connection: name, entity: name });

/** What can be started: it goes on in Temporal, and `/api/runs` tells how it went. */
export function startOperations({ db, client, connectors, taskQueue }: ApiContext): Operation[] {
  const context = { db, client, taskQueue };
  return [
    operation({
      method: 'POST',
      path: '/api/sync',
      summary: 'Start a delta now',
      details: 'Answers 409 when one is on for this connection and entity.',
      body: target.extend({ full: z.boolean().default(false).describe('read everything, as the first time') }),
      status: 202,
      answer: started,
      perform: async ({ body: { connection, entity, full } }) => {
        await findTarget(db, connectors, connection, entity);
        const { workflowId } = await startDelta(
          context,
          { connectionId: connection, entity },
          { full, trigger: 'api' },
        );
        return { workflowId };
      },
    }),
    operation({
      method: 'POST',
      path: '/api/reconcile',
      summary: 'Start a reconciliation now',
      details: 'Answers 409 when one is on for this connection and entity.',
      body: target.extend({ dryRun: z.boolean().default(false).describe('find and count differences, write nothing') }),
      status: 202,
      answer: started,
      perform: async ({ body: { connection, entity, dryRun } }) => {
        await findTarget(db, connectors, connection, entity);
        const options = { dryRun, trigger: 'api' as const };
        const { workflowId } = await startReconciliation(context, { connectionId: connection, entity }, options);
        return { workflowId };
      },
    }),
    operation({
      method: 'POST',
      path: '/api/record',
      summary: 'Fetch one record now',
      body: target.extend({ id: text(1_000) }),
      status: 202,
      answer: started,
      perform: async ({ body: { connection, entity, id } }) => {
        const found = await findTarget(db, connectors, connection, entity);
        const { workflowId } = await startRecord(context, { connectionId: connection, entity: found.entity, id });
        return { workflowId };
      },
    }),
  ];
}
