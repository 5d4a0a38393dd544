import { argument, field, optional, withDefault } from './definition/fields';
import { operation } from './definition/operation';
import { instant, target } from './definition/schemas';
import { entityOf, filter } from './definition/targetFields';

const states = ['open', 'done', 'parked', 'ignored'] as const;

/** By which events are chosen. */
const choice = {
  record: optional(field.recordId("only about this record, by the source's id")),
  state: optional(field.oneOf('only open, done, parked or ignored ones', states, 'state')),
  since: optional(field.instant('received at this instant or later; or how long ago')),
  until: optional(field.instant('received before this instant; or how long ago')),
};

export const webhooksList = operation({
  name: 'webhooks list',
  effect: 'look',
  summary: 'list stored webhook events, latest first',
  details: 'Bodies hold personal data and are shown only with --bodies.',
  examples: ['demo', 'demo people --since 2h', 'demo --record 10000001 --bodies'],
  input: {
    ...filter,
    ...choice,
    limit: withDefault(field.integer('at most this many events', { min: 1, max: 1_000 }), 50),
    before: optional(field.serial('events before this one, for the next page', 'event')),
    bodies: field.flag('with what was received'),
  },
  result: (z) =>
    z.object({
      events: z.array(
        z.object({
          id: z.int(),
          connectionId: z.string(),
          eventId: z.string().describe("the source's id of the event, or a hash of the delivery"),
          type: z.string(),
          entity: z.string().nullable().describe('null: the connector does not know the type, or could not read it'),
          recordId: z.string().nullable(),
          state: z.enum(states).describe('`parked`: could not be processed; `ignored`: nothing to fetch'),
          receivedAt: instant(z),
          openedAt: instant(z).describe('when it was received, or opened again by a replay'),
          doneAt: instant(z).nullable(),
          outcome: z.string().nullable().describe('what the answer about its record did'),
          detail: z.string().nullable(),
          body: z.string().optional().describe('only with `bodies`; personal data'),
        }),
      ),
    }),
  run: () => import('./work/events.js').then(({ listStored }) => listStored),
});

export const webhooksReplay = operation({
  name: 'webhooks replay',
  effect: 'change',
  summary: 'process stored webhook events again: their records are fetched from the source again',
  details:
    'Name events by their numbers, or choose them by record, state or time. Events that the connector could not read, or whose type ' +
    'it did not know, are read again by the connector as it is now.',
  examples: [
    'demo 41 42 --reason "the row looks old"',
    'demo --state parked --reason "the source works again"',
    'demo --entity people --since 2026-03-01T00:00:00Z --until 2026-03-02T00:00:00Z --reason "a bad deploy"',
  ],
  input: {
    connection: entityOf.connection,
    events: optional(argument(field.serials('the numbers of events'))),
    entity: optional(field.name('only of this entity')),
    ...choice,
  },
  result: (z) =>
    z.object({
      reopened: z.array(
        z.object({
          ...target(z),
          events: z.int().describe('events that were opened again'),
          records: z.int().describe('records to fetch'),
          enabled: z.boolean().describe('false: they are processed when the connection is enabled again'),
        }),
      ),
      withoutRecord: z.int().describe('chosen events that name no record, so that there is nothing to fetch'),
      delayedBecause: z
        .string()
        .nullable()
        .describe(
          'null: they are being processed; else why Temporal could not be reached: a sweep processes them later',
        ),
    }),
  run: () => import('./work/events.js').then(({ replayEvents }) => replayEvents),
});
