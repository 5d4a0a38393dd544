import type { Knex } from 'knex';

/** One request that a worker wants to send. */
export interface TakeRequest {
  readonly account: string;
  /** in any window of this many milliseconds … */
  readonly windowMs: number;
  /** … which is counted in slices of this many … */
  readonly sliceMs: number;
  /** … at most this many requests are granted, */
  readonly atMost: number;
  /** or this many while a more urgent caller waits */
  readonly atMostWhileOthersWait: number;
  /** 1 is the most urgent */
  readonly rank: number;
}

/**
 * Grants one request (0), or returns in how many milliseconds it makes sense to ask again. One statement: it locks the
 * account's row, and only then reads PostgreSQL's clock, so that all takers stand in one line.
 *
 * Slices are kept by when they end, with no regard to their length, so that a changed limit counts what was granted under the
 * former one. A slice that ends later than the present one means that PostgreSQL's clock was set back: it is taken to end now.
 * The commit need not be durable: what a crash of PostgreSQL forgets is older than its restart.
 */
export async function takeRequest(db: Knex, request: TakeRequest): Promise<number> {
  const { account, windowMs, sliceMs, atMost, atMostWhileOthersWait, rank } = request;
  const take = () =>
    db.raw(sql, { account, windowMs, sliceMs, atMost, atMostWhileOthersWait, rank }) as Knex.Raw<{
      rows: { wait: number }[];
    }>;
  let { rows } = await take();
  if (rows[0] === undefined) {
    await db.raw('insert into tidemark.budgets (account) values (?) on conflict do nothing', [account]);
    ({ rows } = await take());
  }
  return rows[0]?.wait ?? 0;
}

const sql = /* sql */ `
with locked as materialized (
  select slice_ends, slice_counts, waiting_until, blocked_until
  from tidemark.budgets where account = :account for update
), asked as materialized (
  select l.*, floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now, cast(:sliceMs as bigint) as slice
  from locked l
), slices as materialized (
  select least(s.ends, a.now - a.now % a.slice + a.slice) as ends, s.granted
  from asked a, unnest(a.slice_ends, a.slice_counts) as s (ends, granted)
  where s.ends > a.now - cast(:windowMs as bigint)
), used as materialized (
  select a.*,
    coalesce((select sum(granted) from slices), 0) as used,
    case when exists (select from unnest(a.waiting_until) with ordinality as w (until, rank)
                      where w.rank < cast(:rank as int) and w.until > a.now)
      then least(cast(:atMost as int), cast(:atMostWhileOthersWait as int)) else cast(:atMost as int) end as limit,
    coalesce(greatest(0, ceil(extract(epoch from a.blocked_until) * 1000)::bigint - a.now), 0) as blocked
  from asked a
), decided as materialized (
  select u.*,
    case when u.blocked > 0 then u.blocked
      when u.used < u.limit then 0
      else (
        -- when enough of the oldest slices have left the window
        select min(s.ends) + cast(:windowMs as bigint) - u.now
        from (select ends, sum(granted) over (order by ends) as freed from slices) s
        where s.freed > u.used - u.limit
      ) end as wait
  from used u
), counted as materialized (
  select array_agg(ends order by ends) as ends, array_agg(granted order by ends) as granted
  from (
    select ends, sum(granted)::int as granted
    from (
      select ends, granted from slices
      union all
      select now - now % slice + slice, 1 from decided where wait = 0
    ) every
    group by ends
  ) merged
)
update tidemark.budgets b
set slice_ends = coalesce(c.ends, '{}'),
  slice_counts = coalesce(c.granted, '{}'),
  waiting_until = case when d.wait > 0 and d.blocked = 0
    -- until it has asked again, with a second for being late
    then (select array_agg(case when r = cast(:rank as int) then d.now + d.wait + 1000 else coalesce(d.waiting_until[r], 0) end order by r)
          from generate_series(1, 4) as r)
    else d.waiting_until end
from decided d, counted c
where b.account = :account
returning d.wait::float8 as wait, set_config('synchronous_commit', 'off', true)
`;
