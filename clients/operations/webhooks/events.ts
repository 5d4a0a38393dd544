import { z } from 'zod';
import {
  countWithoutRecord,
  type EventChoice,
  eventStates,
  listEvents,
  type Reopened,
  reopenEvents,
  type StoredEvent,
} from '../../../destination/inbox/inboxEvents';
import { messageOf, TidemarkError } from '../../../schema/errors';
import { temporalError } from '../../temporal/temporal';
import { wakeInbox } from '../../webhooks/wake';
import {
  type By,
  filterInput,
  instantInput,
  type OperatorContext,
  recordIdInput,
  type TemporalContext,
} from '../context';
import { assertNames } from '../targets';
import { readEventsAnew } from './readAnew';

const eventNumber = z.int().min(1);

export const eventChoice = filterInput.extend({
  /** the events' numbers */
  events: z.array(eventNumber).min(1).max(1_000).optional(),
  /** the record's id at the source */
  record: recordIdInput.optional(),
  state: z.enum(eventStates).optional(),
  /** received at this time or later … */
  since: instantInput.optional(),
  /** … and before this one */
  until: instantInput.optional(),
});
export type EventChoiceInput = z.output<typeof eventChoice>;

export const eventList = eventChoice.extend({
  limit: z.int().min(1).max(1_000).default(50),
  /** events before this one, for the next page */
  before: eventNumber.optional(),
  /** with what was received: personal data */
  bodies: z.boolean().default(false),
});
export type EventList = z.output<typeof eventList>;

/** Stored webhook events, latest first. Throws TidemarkError 'NotFound' for unknown names. */
export async function findEvents({ db, connectors }: OperatorContext, input: EventList): Promise<StoredEvent[]> {
  await assertNames(db, connectors, input);
  return listEvents(db, choiceOf(input), input);
}

export interface Replayed {
  /** events that were opened again, by entity of a connection */
  readonly reopened: readonly Reopened[];
  /** chosen too, but they name no record, so there is nothing to fetch for them */
  readonly withoutRecord: number;
  /** null: they are being processed; else why Temporal could not be told, and a sweep finds them within a minute or two */
  readonly delayedBecause: string | null;
}

/**
 * Processes stored events once more: their records are fetched from the source again. Those that the connector could not
 * read, or whose type it did not know, are read anew, since it may know better by now. The choice must be narrowed by more
 * than a connection and an entity. Throws TidemarkError 'Usage' where it is not, 'NotFound' for unknown names.
 */
export async function replayEvents(context: TemporalContext, input: EventChoiceInput, by: By): Promise<Replayed> {
  const { db, connectors } = context;
  const { events, record, state, since, until } = input;
  if ([events, record, state, since, until].every((one) => one === undefined)) {
    throw new TidemarkError(
      'Usage',
      'Which events are to be replayed? Name them, or a record, a state, or a time since when',
    );
  }
  await assertNames(db, connectors, input);
  const choice = choiceOf(input);
  const readAnew = await readEventsAnew(context, choice, by);
  const withoutRecord = await countWithoutRecord(db, choice);
  const reopened = [...readAnew, ...(await reopenEvents(db, choice, by))];
  try {
    for (const target of reopened) if (target.enabled) await wakeInbox(context, target);
    return { reopened, withoutRecord, delayedBecause: null };
  } catch (error) {
    // they are open, on disk: whoever looks after the inbox finds them
    return { reopened, withoutRecord, delayedBecause: messageOf(temporalError(error)) };
  }
}

function choiceOf({ connection, entity, events, record, state, since, until }: EventChoiceInput): EventChoice {
  return { connectionId: connection, entity, ids: events, recordId: record, state, since, until };
}
