import {
  countWithoutRecord,
  type EventChoice,
  type EventState,
  listEvents,
  type Reopened,
  reopenEvents,
  type StoredEvent,
} from '../../../destination/inbox/inboxEvents';
import { messageOf, TidemarkError } from '../../../schema/errors';
import { temporalError } from '../../temporal/temporal';
import { wakeInbox } from '../../webhooks/wake';
import type { By, OperationContext } from '../definition/context';
import { readEventsAgain } from './readAgain';
import { startContext } from './runs/runs';
import { assertNames } from './targets';

/** What is left out does not narrow. */
export interface EventChoiceInput {
  readonly connection?: string | undefined;
  readonly entity?: string | undefined;
  /** the events' numbers */
  readonly events?: readonly number[] | undefined;
  /** the record's id at the source */
  readonly record?: string | undefined;
  readonly state?: EventState | undefined;
  /** received at this instant or later … */
  readonly since?: Date | undefined;
  /** … and before this one */
  readonly until?: Date | undefined;
}

export interface EventList extends EventChoiceInput {
  readonly limit: number;
  /** events before this one, for the next page */
  readonly before?: number | undefined;
  /** with what was received: personal data */
  readonly bodies: boolean;
}

/** Stored webhook events, latest first. Throws TidemarkError 'NotFound' for unknown names. */
export async function listStored(
  context: Pick<OperationContext, 'db' | 'connectors'>,
  input: EventList,
): Promise<{ readonly events: readonly StoredEvent[] }> {
  await assertNames(context, input);
  return { events: await listEvents(context.db, choiceOf(input), input) };
}

export interface Replayed {
  /** events that were opened again, by entity of a connection */
  readonly reopened: readonly Reopened[];
  /** chosen too, but they name no record, so there is nothing to fetch for them */
  readonly withoutRecord: number;
  /** null: they are being processed; else why Temporal could not be reached: a sweep finds them within a minute or two */
  readonly delayedBecause: string | null;
}

/**
 * Processes stored events again: their records are fetched from the source again. Those that the connector could not
 * read, or whose type it did not know, are read again, since a newer connector may understand them. The choice must be narrowed by more
 * than a connection and an entity. Throws TidemarkError 'Usage' where it is not, 'NotFound' for unknown names.
 */
export async function replayEvents(context: OperationContext, input: EventChoiceInput, by: By): Promise<Replayed> {
  const { db } = context;
  const { events, record, state, since, until } = input;
  if ([events, record, state, since, until].every((one) => one === undefined)) {
    throw new TidemarkError(
      'Usage',
      'Choose which events to replay: name their numbers, a record, a state, or an instant since when',
    );
  }
  await assertNames(context, input);
  const choice = choiceOf(input);
  const readAgain = await readEventsAgain(context, choice, by);
  const withoutRecord = await countWithoutRecord(db, choice);
  const reopened = [...readAgain, ...(await reopenEvents(db, choice, by))];
  try {
    const starting = await startContext(context);
    for (const target of reopened) if (target.enabled) await wakeInbox(starting, target);
    return { reopened, withoutRecord, delayedBecause: null };
  } catch (error) {
    // they are stored as open: the sweep of the inbox finds them
    return { reopened, withoutRecord, delayedBecause: messageOf(temporalError(error)) };
  }
}

function choiceOf({ connection, entity, events, record, state, since, until }: EventChoiceInput): EventChoice {
  return { connectionId: connection, entity, ids: events, recordId: record, state, since, until };
}
