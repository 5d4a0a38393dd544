import { z } from 'zod';
import { startProbe, startVerify } from '../../checks';
import { instantInput, recordIdInput, targetInput, textInput } from '../../operations/context';
import { ownWorkflowId, readOutcome } from '../../operations/outcome';
import { assertBackfillable, assertRemappable, assertVerifiable } from '../../operations/possible';
import { findTarget } from '../../operations/targets';
import { startBackfill, startDelta, startReconciliation, startRecord, startRemap } from '../../temporal/start';
import { type Operation, operation } from '../operation';
import { refusable } from '../problem';
import { started, workflowRunId } from '../shapes';
import type { ApiContext } from './context';
import { startedSoon } from './started';

/** So long a request can wait for what it asks about; clients and proxies give up at a minute. */
const mostWaitSeconds = 45;

const by = { trigger: 'api' } as const;

/** What can be started: it goes on in Temporal, and `/api/outcome` tells what became of it. */
export function startOperations({ db, client, connectors, taskQueue }: ApiContext): Operation[] {
  const context = { db, client, taskQueue };
  const known = ({ connection, entity }: z.output<typeof targetInput>) =>
    findTarget(db, connectors, connection, entity);
  const target = ({ connection, entity }: z.output<typeof targetInput>) => ({ connectionId: connection, entity });

  return [
    operation({
      method: 'POST',
      path: '/api/sync',
      summary: 'Start a delta now',
      details: 'Answers 409 when one is on for this connection and entity.',
      body: targetInput.extend({ full: z.boolean().default(false).describe('read everything, as the first time') }),
      status: 202,
      answer: started,
      perform: async ({ body: { full, ...which } }) => {
        await known(which);
        return startedSoon(client, () => startDelta(context, target(which), { full, ...by }));
      },
    }),
    operation({
      method: 'POST',
      path: '/api/reconcile',
      summary: 'Start a reconciliation now',
      details: 'Answers 409 when one is on for this connection and entity.',
      body: targetInput.extend({
        dryRun: z.boolean().default(false).describe('find and count differences, write nothing'),
      }),
      status: 202,
      answer: started,
      perform: async ({ body: { dryRun, ...which } }) => {
        await known(which);
        return startedSoon(client, () => startReconciliation(context, target(which), { dryRun, ...by }));
      },
    }),
    operation({
      method: 'POST',
      path: '/api/backfill',
      summary: 'Read again what changed since a moment, behind everything else',
      details:
        'Answers 409 when one is on, for an entity that cannot be asked so, and for a moment that is yet to come.',
      body: targetInput.extend({ since: instantInput }),
      status: 202,
      answer: started,
      perform: ({ body: { since, ...which } }) =>
        refusable(async () => {
          assertBackfillable(await known(which), since);
          return startedSoon(client, () => startBackfill(context, target(which), { since, ...by }));
        }),
    }),
    operation({
      method: 'POST',
      path: '/api/remap',
      summary: 'Rebuild the typed columns from raw after the mapping has changed',
      details:
        "The source is not asked. Answers 409 when one is on, and for an entity that keeps no raw or whose columns are the user's.",
      body: targetInput,
      status: 202,
      answer: started,
      perform: ({ body }) =>
        refusable(async () => {
          assertRemappable(await known(body));
          return startedSoon(client, () => startRemap(context, target(body), by));
        }),
    }),
    operation({
      method: 'POST',
      path: '/api/verify',
      summary: 'Compare the table with the source, field by field; nothing is written',
      details:
        'The outcome tells what differs, and what a sample lets be said of the rest. Answers 409 while one is on.',
      body: targetInput.extend({
        sample: z.int().min(1).max(100_000).nullable().default(300).describe('null: everything'),
      }),
      status: 202,
      answer: started,
      perform: ({ body: { sample, ...which } }) =>
        refusable(async () => {
          assertVerifiable(await known(which), sample);
          return startedSoon(client, () => startVerify(context, target(which), sample));
        }),
    }),
    operation({
      method: 'POST',
      path: '/api/probe',
      summary: 'Ask the live API how it behaves, and compare that with the definition; nothing is written',
      details:
        'At most 25 requests. In the outcome, findings that `contradict` are those to mend. Answers 409 while one is on.',
      body: targetInput,
      status: 202,
      answer: started,
      perform: async ({ body }) => {
        await known(body);
        return startedSoon(client, () => startProbe(context, target(body)));
      },
    }),
    operation({
      method: 'POST',
      path: '/api/record',
      summary: 'Fetch one record from the source now and write what it says',
      body: targetInput.extend({ id: recordIdInput }),
      status: 202,
      answer: started,
      perform: async ({ body: { id, ...which } }) => {
        const { entity } = await known(which);
        return startedSoon(client, () => startRecord(context, { connectionId: which.connection, entity, id }));
      },
    }),
    operation({
      method: 'GET',
      path: '/api/outcome',
      summary: 'What became of something that was started',
      details: 'Waits for the end as long as `wait` says, and answers `running` when it has not come by then.',
      query: z.strictObject({
        workflowId: textInput(1_000).regex(ownWorkflowId, { error: 'must be one that this API gave' }),
        workflowRunId: workflowRunId.optional().describe('absent: the latest of this id'),
        wait: z.coerce.number().int().min(0).max(mostWaitSeconds).default(0).describe('seconds'),
      }),
      answer: z.strictObject({
        ...started.shape,
        state: z.enum(['running', 'done', 'failed', 'cancelled', 'terminated', 'timed-out']),
        result: z.looseObject({}).nullable().describe('counts, ids and findings, as the command line shows them'),
        error: z.strictObject({ type: z.string(), message: z.string() }).nullable(),
      }),
      perform: ({ query: { wait, ...which } }) => readOutcome(client, which, wait * 1000),
    }),
  ];
}
