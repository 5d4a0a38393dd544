import { z } from 'zod';
import { eventChoice, eventList, findEvents, replayEvents } from '../../operations/webhooks/events';
import { type Operation, operation } from '../operation';
import { refusable } from '../problem';
import { entryNumber, moment, pageSize, targetAnswer } from '../shapes';
import { byOf, byShape } from './by';
import type { ApiContext } from './context';

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
  body: z.string().optional().describe('only with `bodies`'),
});

/** Stored webhook events. */
export function webhookOperations(context: ApiContext): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/api/webhooks',
      summary: 'Stored webhook events, latest first',
      query: eventList.omit({ events: true }).extend({
        before: entryNumber.optional().describe('events before this one, for the next page'),
        limit: pageSize.default(50),
        bodies: z
          .enum(['true', 'false'])
          .transform((text) => text === 'true')
          .default(false)
          .describe('with what was received: personal data'),
      }),
      answer: z.strictObject({ events: z.array(event) }),
      perform: async ({ query }) => ({ events: await findEvents(context, query) }),
    }),
    operation({
      method: 'POST',
      path: '/api/webhooks/replay',
      summary: 'Process stored webhook events once more',
      details: 'Answers 409 unless the choice is narrowed by more than a connection and an entity.',
      body: eventChoice.extend(byShape),
      status: 202,
      answer: z.strictObject({
        reopened: z.array(z.looseObject({ ...targetAnswer, events: z.int() })),
        withoutRecord: z.int(),
        delayedBecause: z.string().nullable(),
      }),
      perform: ({ body: { reason, by, ...choice } }) =>
        refusable(() => replayEvents(context, choice, byOf({ reason, by }))),
    }),
  ];
}
