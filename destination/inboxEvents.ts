import type { Knex } from 'knex';
import { audit } from './audit';
import type { Decision } from './decidePlan';

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
  /** what became of the record */
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

/** How many of a choice name no record, so that there is nothing to fetch for them. */
export async function countWithoutRecord(db: Knex, choice: EventChoice): Promise<number> {
  const { rows } = await db.raw(
    `select count(*)::int as found from tidemark.inbox where ${chosen} and not (${replayable})`,
    bindings(choice),
  );
  return rows[0].found;
}
