import type { Knex } from 'knex';
import type { PartKey } from './runParts';

/** What a listing of changed related records is called, in the cursor of its own and in the parts of runs. */
export const relatedListing = (name: string): string => `related:${name}`;

/** Whose cursor it is: a feed's is a token; `leadMs`: how far before its first request an instant is left. */
export interface RelatedCursor {
  readonly listing: string;
  readonly tokens: boolean;
  readonly leadMs: number;
}

/**
 * Moves the cursor of a listing of changed related records, in the transaction that owes what its last page named. It moves only if it still
 * is what the part began from: an instant only forward, a token to the last that the source gave. `token`: one that replaces a token that the
 * source no longer knows.
 */
export async function moveRelatedCursor(
  trx: Knex.Transaction,
  { runId, step }: PartKey,
  { tokens, leadMs }: RelatedCursor,
  token: string | null = null,
): Promise<void> {
  await trx.raw(
    /* sql */ `
    with part as (
      select r.connection_id, r.entity, p.run_id, p.found_at, p.found_token,
        -- a feed that gave no further token goes on from the former
        case when cast(:tokens as boolean) then coalesce(:token, p.next_token, p.found_token) end as next_token,
        to_timestamp((least(p.first_sent, p.first_sent_source) - cast(:leadMs as bigint)) / 1000.0) as next_at
      from tidemark.run_parts p join tidemark.runs r on r.id = p.run_id
      where p.run_id = :runId and p.step = :step and p.partition = '')
    update tidemark.cursors k set at = greatest(k.at, p.next_at), token = p.next_token, run_id = p.run_id,
      kind = case when p.next_token is null then 'instant' else 'token' end, updated_at = clock_timestamp()
    from part p
    where k.connection_id = p.connection_id and k.entity = p.entity and k.listing = :step and k.partition = ''
      and k.at is not distinct from p.found_at and k.token is not distinct from p.found_token
      and (p.next_token is not null or k.token is not null or k.at < p.next_at)`,
    { runId, step, tokens, leadMs, token },
  );
}

/**
 * Gives such a listing its first cursor, where it has none yet, as a delta ends that has succeeded: the delta's first request, or the token that
 * was had before it. Returns whether it has begun just now. Nothing is known then of what had changed before, unless the run read everything.
 */
export async function beginRelatedCursor(
  trx: Knex,
  runId: string,
  { listing, tokens, leadMs }: RelatedCursor,
): Promise<boolean> {
  const { rowCount } = await trx.raw(
    /* sql */ `
    insert into tidemark.cursors (connection_id, entity, listing, kind, at, token, run_id)
    select r.connection_id, r.entity, :listing, case when cast(:tokens as boolean) then 'token' else 'instant' end,
      to_timestamp((least(min(p.first_sent), min(p.first_sent_source)) - cast(:leadMs as bigint)) / 1000.0),
      case when cast(:tokens as boolean) then max(p.next_token) filter (where p.step = :listing) end, r.id
    from tidemark.runs r join tidemark.run_parts p on p.run_id = r.id and p.step in ('pull', :listing) and p.first_sent is not null
    where r.id = :runId
    group by r.id
    having not cast(:tokens as boolean) or max(p.next_token) filter (where p.step = :listing) is not null
    on conflict do nothing`,
    { runId, listing, tokens, leadMs },
  );
  return rowCount > 0;
}
