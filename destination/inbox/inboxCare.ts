import type { Knex } from 'knex';
import { storableText } from '../../schema/text/storableText';
import type { Target } from '../../schema/workflows';

/**
 * Sets open events of these records aside as 'parked', because they can't be processed: they are not driven again, but
 * counted, listed, and opened again by `reopenEvents`. Only those received before `sent` (see `finishEvents`).
 * Returns how many.
 */
export async function parkEvents(
  tx: Knex,
  target: Target,
  ids: readonly string[],
  sent: number,
  why: string,
): Promise<number> {
  const result = await tx.raw(
    `update tidemark.inbox set done_at = clock_timestamp(), outcome = 'parked', detail = ?
     where connection_id = ? and entity = ? and external_id = any(?::text[]) and done_at is null
       and opened_at < timestamptz 'epoch' + ? * interval '1 millisecond'`,
    [storableText(why).slice(0, 1_000), target.connectionId, target.entity, [...ids], sent],
  );
  return result.rowCount ?? 0;
}

/** `entity` is empty for events that name none: parked ones that the connector could not read. */
export interface InboxCount extends Target {
  readonly open: number;
  /** when the oldest open event was received or opened again; null when none is open */
  readonly oldest: Date | null;
  readonly parked: number;
}

/** Open and parked events by connection and entity, for those that have any; reads two small indexes only. */
export async function inboxCounts(db: Knex, connectionId?: string): Promise<InboxCount[]> {
  const { rows } = await db.raw(
    `select connection_id as "connectionId", coalesce(entity, '') as entity, sum(open) as open, min(oldest) as oldest, sum(parked) as parked
     from (
       select connection_id, entity, count(*) as open, min(opened_at) as oldest, 0 as parked
       from tidemark.inbox where done_at is null group by 1, 2
       union all
       select connection_id, entity, 0, null, count(*) from tidemark.inbox where outcome = 'parked' group by 1, 2
     ) counted
     where cast(:connectionId as text) is null or connection_id = :connectionId
     group by 1, 2
     order by 1, 2`,
    { connectionId: connectionId ?? null },
  );
  return rows.map((row: InboxCount) => ({ ...row, open: Number(row.open), parked: Number(row.parked) }));
}
