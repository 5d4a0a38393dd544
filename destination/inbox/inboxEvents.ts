import type { Knex } from 'knex';
import type { Decision } from '../audit';
import { audit } from '../audit';

/** `open`: not yet processed. `parked`: could not be processed. `ignored`: nothing to fetch. */
export const eventStates = ['open', 'done', 'parked', 'ignored'] as const;
export type EventState = (typeof eventStates)[number];

/** A webhook event of the inbox as it is listed. */
export interface StoredEvent {
  readonly id: number;
  readonly connectionId: string;
  /** the source's id of it, or a hash of the delivery */
  readonly eventId: string;
  readonly type: string;
  /** null: the connector knows no such type, or could not read it */
  readonly entity: string | null;
  readonly recordId: string | null;
  readonly state: EventState;
  readonly receivedAt: Date;
  /** when it was received, or opened again for a replay */
  readonly openedAt: Date;
  readonly doneAt: Date | null;
  /** the outcome for the record */
  readonly outcome: string | null;
  readonly detail: string | null;
  /** as received, only where it was asked for */
  readonly body?: string;
}

/** Which events; what is left out does not narrow. */
export interface EventChoice {
  readonly connectionId?: string | undefined;
  readonly entity?: string | undefined;
  readonly recordId?: string | undefined;
  /** the inbox's numbers */
  readonly ids?: readonly number[] | undefined;
  readonly state?: EventState | undefined;
  /** received at this time or later … */
  readonly since?: Date | undefined;
  /** … and before this one */
  readonly until?: Date | undefined;
}

const stateSql = /* sql */ `case when done_at is null then 'open' when outcome in ('parked', 'ignored') then outcome else 'done' end`;

const chosen = /* sql */ `
  (cast(:connectionId as text) is null or connection_id = :connectionId)
  and (cast(:entity as text) is null or entity = :entity)
  and (cast(:recordId as text) is null or external_id = :recordId)
  and (cast(:ids as bigint[]) is null or id = any(cast(:ids as bigint[])))
  and (cast(:state as text) is null or ${stateSql} = :state)
  and (cast(:since as timestamptz) is null or received_at >= :since)
  and (cast(:until as timestamptz) is null or received_at < :until)`;

function bindings(choice: EventChoice) {
  return {
    connectionId: choice.connectionId ?? null,
    entity: choice.entity ?? null,
    recordId: choice.recordId ?? null,
    ids: choice.ids === undefined ? null : [...choice.ids],
    state: choice.state ?? null,
    since: choice.since ?? null,
    until: choice.until ?? null,
  };
}

/** Stored events, latest first; `before` gives the next page. Bodies hold personal data and come only when asked for. */
export async function listEvents(
  db: Knex,
  choice: EventChoice,
  page: { readonly limit: number; readonly before?: number | undefined; readonly bodies?: boolean | undefined },
): Promise<StoredEvent[]> {
  const { rows } = await db.raw(
    `select id, connection_id as "connectionId", event_id as "eventId", type, entity, external_id as "recordId", ${stateSql} as state,
       received_at as "receivedAt", opened_at as "openedAt", done_at as "doneAt", outcome, detail${page.bodies ? ', body' : ''}
     from tidemark.inbox
     where ${chosen} and (cast(:before as bigint) is null or id < :before)
     order by id desc
     limit :limit`,
    { ...bindings(choice), before: page.before ?? null, limit: page.limit },
  );
  return rows;
}

export interface Reopened {
  readonly connectionId: string;
  readonly entity: string;
  readonly events: number;
  readonly records: number;
  /** false: they are processed once the connection is enabled again */
  readonly enabled: boolean;
}

/** Whether an event can be processed at all: there is a record to fetch. */
const replayable = `entity is not null and external_id is not null and outcome is distinct from 'ignored'`;

/** Nothing is known to fetch for it; `read`: but events of their own have been made out of it since. */
const unread = `not (${replayable}) and outcome is distinct from 'read'`;

/**
 * Opens stored events again (a replay), audited: an answer sent from now on ends them. Those that are open already stay as
 * they are, those that name no record cannot be opened; both are left out. Throws TidemarkError 'Usage' without a reason.
 */
export async function reopenEvents(db: Knex, choice: EventChoice, by: Decision): Promise<Reopened[]> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.raw(
      `with reopened as (
         update tidemark.inbox set done_at = null, outcome = null, detail = null, opened_at = clock_timestamp()
         where ${chosen} and done_at is not null and ${replayable}
         returning connection_id, entity, external_id)
       select r.connection_id as "connectionId", r.entity, count(*)::int as events, count(distinct external_id)::int as records, c.enabled
       from reopened r join tidemark.connections c on c.id = r.connection_id
       group by 1, 2, c.enabled order by 1, 2`,
      bindings(choice),
    );
    const reopened: Reopened[] = rows;
    for (const { connectionId, entity, events, records } of reopened) {
      await audit(tx, { ...by, action: 'webhooks replay', connectionId, entity, details: { events, records } });
    }
    return reopened;
  });
}

/** A stored delivery of which no record is known, as it was received. */
export interface UnreadEvent {
  readonly id: number;
  readonly connectionId: string;
  readonly eventId: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly enabled: boolean;
}

/** Chosen events that name no record: of a type that the connector did not know, or that it could not read. In order of their numbers. */
export async function unreadEvents(
  db: Knex,
  choice: EventChoice,
  afterId: number,
  limit: number,
): Promise<UnreadEvent[]> {
  const { rows } = await db.raw(
    `select i.id, i.connection_id as "connectionId", i.event_id as "eventId", i.headers, i.body, c.enabled
     from (select * from tidemark.inbox where ${chosen} and ${unread} and body <> '' and id > :afterId order by id limit :limit) i
     join tidemark.connections c on c.id = i.connection_id
     order by i.id`,
    { ...bindings(choice), afterId, limit },
  );
  return rows;
}

/** Opens an event that can be read now: what it is about is known. */
export async function openAsRead(
  tx: Knex,
  id: number,
  { type, entity, recordId }: { readonly type: string; readonly entity: string; readonly recordId: string },
): Promise<void> {
  await tx.raw(
    `update tidemark.inbox set type = ?, entity = ?, external_id = ?, done_at = null, outcome = null, detail = null, opened_at = clock_timestamp()
     where id = ?`,
    [type, entity, recordId, id],
  );
}

/** Ends a delivery that could not be read, and out of which events have been made since. */
export async function endAsRead(tx: Knex, id: number, events: number): Promise<void> {
  await tx.raw(`update tidemark.inbox set outcome = 'read', detail = ? where id = ?`, [
    `events made of it: ${events}`,
    id,
  ]);
}

/** How many of a choice name no record, so that there is nothing to fetch for them. */
export async function countWithoutRecord(db: Knex, choice: EventChoice): Promise<number> {
  const { rows } = await db.raw(
    `select count(*)::int as found from tidemark.inbox where ${chosen} and ${unread}`,
    bindings(choice),
  );
  return rows[0].found;
}
