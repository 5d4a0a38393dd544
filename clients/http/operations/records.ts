import { z } from 'zod';
import { explain } from '../../explain/explain';
import { forget } from '../../forget';
import { lookAt } from '../../look';
import { discardEntries, findSetAside, retrySetAside, setAsideList, setAsideRetry } from '../../setAside';
import { findTarget } from '../../targets';
import { eventChoice, eventList, findEvents, replayEvents } from '../../webhooks/events';
import { type Operation, operation } from '../operation';
import { refusable } from '../problem';
import { filter, name, text } from '../shapes';
import { byOf, byShape } from './by';
import type { ApiContext } from './context';

const moment = z.iso.datetime();
const about = { connectionId: z.string(), entity: z.string() };
const recordId = text(1_000).describe("the record's id at the source");
/** numbers and booleans as a query writes them */
const limit = z.coerce.number().int().min(1).max(1_000);
const entryNumber = z.coerce.number().int().min(1);
const flag = z.enum(['true', 'false']);

const entry = z.looseObject({
  ...about,
  id: z.int(),
  recordId: z.string().nullable(),
  reason: z.enum(['invalid', 'conflict', 'skipped']),
  detail: z.string(),
  times: z.int(),
  firstSeenAt: moment,
  lastSeenAt: moment,
});
const event = z.looseObject({
  id: z.int(),
  connectionId: z.string(),
  eventId: z.string(),
  type: z.string(),
  entity: z.string().nullable(),
  recordId: z.string().nullable(),
  state: z.string(),
  receivedAt: moment,
  doneAt: moment.nullable(),
});

/** Single records: those that are set aside, webhook events, the story of one, and erasing one. */
export function recordOperations(context: ApiContext): Operation[] {
  const { db, connectors } = context;
  return [
    operation({
      method: 'GET',
      path: '/api/set-aside',
      summary: 'Records that could not be written, longest first',
      query: setAsideList.extend({
        ...filter.shape,
        record: recordId.optional(),
        after: entryNumber.optional(),
        limit: limit.default(100),
      }),
      answer: z.strictObject({ entries: z.array(entry) }),
      perform: async ({ query }) => ({ entries: await findSetAside(context, query) }),
    }),
    operation({
      method: 'POST',
      path: '/api/set-aside/retry',
      summary: 'Ask the source again for records that are set aside',
      body: setAsideRetry,
      status: 202,
      answer: z.strictObject({
        started: z.array(z.strictObject({ ...about, entries: z.array(z.int()), workflowId: z.string() })),
        impossible: z.array(z.strictObject({ entry: z.int(), why: z.string() })),
      }),
      perform: async ({ body }) => {
        const { started, impossible } = await refusable(retrySetAside(context, body));
        return {
          started: started.map(({ handle, ...rest }) => ({ ...rest, workflowId: handle.workflowId })),
          impossible,
        };
      },
    }),
    operation({
      method: 'POST',
      path: '/api/set-aside/discard',
      summary: 'Give records up that are set aside, all that are named or none',
      body: z.strictObject({ entries: z.array(z.int().min(1)).min(1).max(1_000), ...byShape }),
      answer: z.strictObject({ discarded: z.array(entry) }),
      perform: async ({ body }) => ({ discarded: await discardEntries(db, body.entries, byOf(body)) }),
    }),
    operation({
      method: 'GET',
      path: '/api/webhooks',
      summary: 'Stored webhook events, latest first, without their bodies',
      query: eventList.omit({ events: true, bodies: true }).extend({
        ...filter.shape,
        record: recordId.optional(),
        before: entryNumber.optional(),
        limit: limit.default(50),
      }),
      answer: z.strictObject({ events: z.array(event) }),
      perform: async ({ query }) => ({ events: await findEvents(context, { ...query, bodies: false }) }),
    }),
    operation({
      method: 'POST',
      path: '/api/webhooks/replay',
      summary: 'Process stored webhook events once more',
      details: 'Answers 409 unless the choice is narrowed by more than a connection and an entity.',
      body: eventChoice.extend({ ...filter.shape, record: recordId.optional(), ...byShape }),
      status: 202,
      answer: z.looseObject({
        reopened: z.array(z.looseObject({ ...about, events: z.int() })),
        withoutRecord: z.int(),
        delayedBecause: z.string().nullable(),
      }),
      perform: ({ body: { reason, by, ...choice } }) => refusable(replayEvents(context, choice, byOf({ reason, by }))),
    }),
    operation({
      method: 'GET',
      path: '/api/explain',
      summary: 'The whole story of one record, and the verdict',
      query: z.strictObject({
        connection: name,
        entity: name,
        id: recordId,
        source: flag.default('true').describe('whether the source is asked; takes up to 45 seconds'),
      }),
      answer: z.looseObject({
        ...about,
        id: z.string(),
        verdict: z.looseObject({}),
        story: z.array(z.looseObject({ at: moment, about: z.string(), text: z.string() })),
        source: z.looseObject({ says: z.string() }),
      }),
      perform: async ({ query: { connection, entity, id, source } }) => {
        const target = await findTarget(db, connectors, connection, entity);
        const now =
          source === 'true'
            ? await lookAt(context, { connectionId: connection, entity: target.entity, id })
            : { says: 'not-asked' as const, detail: 'source=false' };
        return explain(db, target, id, now);
      },
    }),
    operation({
      method: 'POST',
      path: '/api/forget',
      summary: 'Erase one record from everything that is kept here',
      details: 'What the source still has is written again when it is read again.',
      body: z.strictObject({ connection: name, entity: name, id: recordId, ...byShape }),
      answer: z.looseObject({
        ...about,
        erased: z.looseObject({}),
        withoutKey: z.int(),
        warnings: z.array(z.string()),
      }),
      perform: ({ body: { reason, by, ...input } }) => forget(context, input, byOf({ reason, by })),
    }),
  ];
}
