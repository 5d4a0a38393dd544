import type { Knex } from 'knex';
import { isStorable, storableJson } from '../../schema/text/storableText';
import type { Target } from '../../schema/workflows';
import { destinationError } from '../database/destinationError';
import { isGathered, notePauses } from './inboxPauses';

/** A webhook event as it is made durable before it is acknowledged. */
export interface InboxEvent {
  readonly connectionId: string;
  /**
   * the source's id of the event, or a hash of the delivery. Deliveries with the same are one only if they are about the same
   * record and have the same body: what was acknowledged is kept
   */
  readonly eventId: string;
  /** the source's name of it */
  readonly type: string;
  /** null for types that the connector does not know */
  readonly entity: string | null;
  /** the record it is about; null where it names none */
  readonly id: string | null;
  /** those worth keeping; without credentials and signatures */
  readonly headers: Readonly<Record<string, string>>;
  /** as received */
  readonly body: string;
  /** `eventId` is a hash, since the source has no ids of events: the same delivery again is news, and opens the event again */
  readonly hashed?: boolean;
  /** why the connector could not read the delivery: it is kept as 'parked', not processed */
  readonly unreadable?: string;
}

export interface Stored {
  readonly stored: number;
  /** had been stored before, or came twice in this call */
  readonly duplicates: number;
  /** connections of events that could not be stored, because they don't exist (any more) */
  readonly unknownConnections: readonly string[];
}

/**
 * Stores events durably, in one statement; when it resolves, they may be acknowledged. Events that name no entity or no
 * usable id are kept, and done at once as 'ignored'. Throws TidemarkError 'DestinationUnavailable', after
 * `timeoutMs` (default 10,000) at the latest: answer 503, and the source sends them again.
 */
export async function storeEvents(db: Knex, events: readonly InboxEvent[], timeoutMs = 10_000): Promise<Stored> {
  if (events.length === 0) return { stored: 0, duplicates: 0, unknownConnections: [] };
  const rows = events.map((event) => ({
    connection_id: event.connectionId,
    event_id: event.eventId,
    type: event.type,
    entity: event.entity,
    external_id: event.id,
    headers: event.headers,
    body: event.body,
    hashed: event.hashed ?? false,
    parked: event.unreadable ?? null,
    ignored: event.unreadable === undefined ? ignoredBecause(event) : null,
  }));
  try {
    const result = await db.raw(storeSql, [storableJson(rows)]).timeout(timeoutMs);
    const { stored, known, unknown } = result.rows[0];
    return { stored, duplicates: known - stored, unknownConnections: unknown };
  } catch (error) {
    throw destinationError(error);
  }
}

function ignoredBecause({ entity, id }: InboxEvent): string | null {
  if (entity === null) return 'the connector does not know this type of event';
  if (id === null || id === '') return 'it names no record';
  return isStorable(id) ? null : 'its record id holds characters that PostgreSQL cannot store';
}

/** The commit waits for the disk also where the database's default is not to; replication settings stay as they are. */
const storeSql = /* sql */ `
with durable as materialized (
  select set_config('synchronous_commit',
    case current_setting('synchronous_commit') when 'off' then 'on' else current_setting('synchronous_commit') end, true)
), events as materialized (
  select e.*, c.id is not null as known
  from jsonb_to_recordset(?::jsonb) as e (connection_id text, event_id text, type text, entity text, external_id text,
    headers jsonb, body text, hashed boolean, parked text, ignored text)
  left join tidemark.connections c on c.id = e.connection_id
), stored as (
  insert into tidemark.inbox
    (connection_id, event_id, type, entity, external_id, headers, body, done_at, outcome, detail)
  select distinct on (connection_id, event_id, entity, external_id, body) connection_id, event_id, type, entity, external_id, headers, body,
    case when coalesce(parked, ignored) is not null then clock_timestamp() end,
    case when parked is not null then 'parked' when ignored is not null then 'ignored' end, coalesce(parked, ignored)
  from events, durable where known
  -- in one order for every writer, so that two statements with the same events wait for each other and don't deadlock
  order by connection_id, event_id, entity, external_id, body
  on conflict (connection_id, event_id, (coalesce(entity, '')), (hashtextextended(coalesce(external_id, '') || ' ' || body, 0))) do update
    set opened_at = excluded.opened_at, done_at = null, outcome = null, detail = null
    where excluded.done_at is null
      and (excluded.connection_id, excluded.event_id) in (select connection_id, event_id from events where hashed)
  returning 1
)
select (select count(*)::int from stored) as stored,
  (select count(*)::int from events where known) as known,
  (select coalesce(array_agg(distinct connection_id), '{}') from events where not known) as unknown
`;

export interface UndrivenTarget extends Target {
  /** distinct records with open events */
  readonly records: number;
  readonly events: number;
  /** when the oldest open event was received or opened again */
  readonly oldest: Date;
}

/**
 * Entities with open events, those that have waited longest first. Of connections that are disabled or need credentials there are none:
 * their events wait.
 */
export async function openTargets(db: Knex, limit: number): Promise<UndrivenTarget[]> {
  const { rows } = await db.raw(
    `select i.connection_id as "connectionId", i.entity, count(distinct i.external_id) as records, count(*) as events,
       min(i.opened_at) as oldest
     from tidemark.inbox i
     join tidemark.connections c on c.id = i.connection_id and c.enabled and c.needs_credentials_since is null
     where i.done_at is null
     group by 1, 2
     order by oldest, 1, 2
     limit ?`,
    [limit],
  );
  return rows;
}

/**
 * Ids of records with open events, each once, those that have waited longest first, without those of `except` and those whose
 * events are being gathered (see inboxPauses.ts). Nothing is locked: fetching one twice does no harm.
 */
export async function claimOpenIds(
  db: Knex,
  target: Target,
  limit: number,
  except: readonly string[] = [],
): Promise<string[]> {
  const { rows } = await db.raw(
    `select external_id as id from tidemark.inbox i
     where connection_id = ? and entity = ? and done_at is null and external_id <> all(?::text[]) and not ${isGathered}
     group by external_id
     order by min(opened_at), external_id
     limit ?`,
    [target.connectionId, target.entity, [...except], limit],
  );
  return rows.map((row: { id: string }) => row.id);
}

/**
 * Ends the open events of these records that were received before an answer's request was sent (milliseconds since
 * 1970, PostgreSQL's time): call it in the transaction that writes the answer. Later events stay open, since the answer may not
 * show what they tell of. What comes soon after this is gathered. Returns how many events ended.
 */
export async function finishEvents(
  tx: Knex,
  target: Target,
  ids: readonly string[],
  sent: number,
  outcome: string,
): Promise<number> {
  if (ids.length === 0) return 0;
  const { rows } = await tx.raw(
    `with ended as (
       update tidemark.inbox set done_at = clock_timestamp(), outcome = ?, detail = null
       where connection_id = ? and entity = ? and external_id = any(?::text[]) and done_at is null
         and opened_at < timestamptz 'epoch' + ? * interval '1 millisecond'
       returning connection_id, entity, external_id
     ), noted as (${notePauses})
     select count(*)::int as ended from ended`,
    [outcome, target.connectionId, target.entity, ids.filter(isStorable), sent],
  );
  return rows[0].ended;
}
