import { z } from 'zod';
import { startVerify } from '../../checks';
import { instantInput } from '../../operator';
import { startBackfill, startDelta, startReconciliation, startRecord } from '../../start';
import { findTarget } from '../../targets';
import { type Operation, operation } from '../operation';
import { ProblemError, problem } from '../problem';
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
      path: '/api/backfill',
      summary: 'Read again what changed since a moment, behind everything else',
      details: 'Answers 409 for an entity that cannot be asked so.',
      body: target.extend({ since: instantInput }),
      status: 202,
      answer: started,
      perform: async ({ body: { connection, entity, since } }) => {
        const found = await findTarget(db, connectors, connection, entity);
        if (found.entity.listings.changes === undefined) {
          const detail = `Entity ${entity} has no listing 'changes': start a sync with "full" instead.`;
          throw new ProblemError(problem(409, 'Refused', 'Not possible now', detail));
        }
        const options = { since, trigger: 'api' as const };
        const { workflowId } = await startBackfill(context, { connectionId: connection, entity }, options);
        return { workflowId };
      },
    }),
    operation({
      method: 'POST',
      path: '/api/verify',
      summary: 'Compare the table with the source, field by field',
      details: "The workflow's result, in Temporal, tells what differs. Answers 409 while one is on.",
      body: target.extend({ sample: z.int().min(1).max(100_000).nullable().default(300).describe('null: everything') }),
      status: 202,
      answer: started,
      perform: async ({ body: { connection, entity, sample } }) => {
        await findTarget(db, connectors, connection, entity);
        const { workflowId } = await startVerify(context, { connectionId: connection, entity }, sample);
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
