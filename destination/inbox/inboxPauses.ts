import type { Knex } from 'knex';
import type { Target } from '../../schema/workflows';

/**
 * Events of one record that come while it is hot are gathered: after each answer that ended some, the next request for this
 * record waits, first for `shortestMs`, and for twice as long each time while the burst lasts, up to `longestMs`. So
 * an event waits for `longestMs` and a fetch at most, and thousands of them cost a handful of requests.
 */
const shortestMs = 250;
const longestMs = 4_000;

/**
 * Whether the record of inbox row `i` is still to wait. A pause that ends later than any can means that PostgreSQL's clock was set
 * back: it delays no writer.
 */
export const isGathered = /* sql */ `exists (
  select from tidemark.inbox_pauses p
  where p.connection_id = i.connection_id and p.entity = i.entity and p.external_id = i.external_id
    and p.until_at > clock_timestamp() and p.until_at <= clock_timestamp() + interval '${longestMs} milliseconds')`;

/** Notes a pause for each record of `ended`. The burst is over when nothing came for as long as the last pause was. */
export const notePauses = /* sql */ `
  insert into tidemark.inbox_pauses as p (connection_id, entity, external_id, pause_ms, until_at)
  select connection_id, entity, external_id, ${shortestMs}, clock_timestamp() + interval '${shortestMs} milliseconds'
  from ended group by 1, 2, 3
  on conflict (connection_id, entity, external_id) do update set (pause_ms, until_at) = (
    select ms, clock_timestamp() + ms * interval '1 millisecond'
    from (select case when clock_timestamp() < p.until_at + p.pause_ms * interval '1 millisecond'
      then least(2 * p.pause_ms, ${longestMs}) else ${shortestMs} end) as next (ms))`;

/** In how many milliseconds the first record that is gathered is due, without those of `except`; null when none has open events. */
export async function gatheredForMs(db: Knex, target: Target, except: readonly string[]): Promise<number | null> {
  const { rows } = await db.raw(
    `select ceil(extract(epoch from min(p.until_at) - clock_timestamp()) * 1000)::float8 as ms
     from tidemark.inbox_pauses p
     where p.connection_id = ? and p.entity = ? and p.external_id <> all(?::text[])
       and p.until_at > clock_timestamp() and p.until_at <= clock_timestamp() + interval '${longestMs} milliseconds'
       and exists (select from tidemark.inbox i where i.connection_id = p.connection_id and i.entity = p.entity
         and i.external_id = p.external_id and i.done_at is null)`,
    [target.connectionId, target.entity, [...except]],
  );
  const { ms } = rows[0];
  return ms === null ? null : Math.max(1, ms);
}

/** Removes pauses that are over for good. Returns how many. */
export async function removeOldPauses(db: Knex): Promise<number> {
  const { rowCount } = await db.raw(
    `delete from tidemark.inbox_pauses where until_at not between clock_timestamp() - interval '1 minute'
       and clock_timestamp() + interval '1 minute'`,
  );
  return rowCount ?? 0;
}
