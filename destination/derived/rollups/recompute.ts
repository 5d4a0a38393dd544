import type { Knex } from 'knex';
import type { Rollup } from '../../../schema/definition/rollups';
import { TidemarkError } from '../../../schema/errors';
import { destinationError, withRetry } from '../../database/destinationError';
import { codeOf } from '../../database/errorCode';
import { quote } from '../../database/identifiers';
import { wordsOf } from '../../database/postgresWords';
import { query } from '../../database/query';
import { dayOf } from './days';
import { lockRollup } from './installRollup';
import { computeStatement, type RollupColumn } from './rollupSql';

/** What a recomputer has done. */
export interface Recomputed {
  /** days that were computed */
  readonly days: number;
  /** days that PostgreSQL refused; their marks stay */
  readonly failed: number;
  /** whether marks are left because the time was over */
  readonly unfinished: boolean;
}

interface DayOfConnection {
  readonly connectionId: string;
  readonly day: string;
}

/** A user who has changed rows of a roll-up and not committed keeps the day from being computed, and no other. */
const lockTimeoutMs = 2_000;
const lockNotAvailable = '55P03';

/** Days that are looked up at once. */
const daysAtOnce = 200;

/**
 * Computes the days of a roll-up that are marked, the newest first, until none is left or `over()`. Several recomputers at once are safe: each day is one
 * transaction under the roll-up's lock, and one that is killed leaves the marks. A day that PostgreSQL refuses is passed over, and what it said is kept.
 */
export async function recompute(db: Knex, rollup: Rollup, over: () => boolean): Promise<Recomputed> {
  const columns = await columnsOf(db, rollup);
  const failed = new Map<string, string>();
  let days = 0;
  let computed = true;
  while (computed && !over()) {
    computed = false;
    await markConnections(db, rollup);
    for (const connectionId of await unexpanded(db, rollup)) {
      if (over()) break;
      const refused = await attempt(() => expand(db, rollup, connectionId));
      if (refused === undefined) computed = true;
      else failed.set(connectionId, refused);
    }
    const next = await query<DayOfConnection>(
      db,
      `select distinct connection_id as "connectionId", day from tidemark.rollup_marks
       where rollup = ? and connection_id is not null and day is not null and connection_id || ' ' || day <> all(cast(? as text[]))
       order by day desc, connection_id limit ${daysAtOnce}`,
      [rollup.table, [...failed.keys()]],
    );
    for (const { connectionId, day } of next) {
      if (over()) break;
      const refused = await attempt(() => computeDay(db, rollup, columns, { connectionId, day }));
      if (refused === undefined) {
        days += 1;
        computed = true;
      } else failed.set(`${connectionId} ${day}`, refused);
    }
  }
  await note(db, rollup, failed);
  return { days, failed: failed.size, unfinished: over() };
}

/** Computes one marked day; nothing where another recomputer did. */
export async function computeDay(
  db: Knex,
  rollup: Rollup,
  columns: readonly RollupColumn[],
  { connectionId, day }: DayOfConnection,
): Promise<void> {
  const tries = 2;
  await withRetry(async () => {
    await readCommitted(db, async (trx) => {
      await lockRollup(trx, rollup);
      // only from here on: other recomputers are waited for, and whoever holds rows of the roll-up is not
      await trx.raw(`select set_config('lock_timeout', ?, true)`, [`${lockTimeoutMs}ms`]);
      // marks that another zone made stay: they mark every day
      const [marked] = await query<{ zone: string; marks: number }>(
        trx,
        /* sql */ `
        with taken as (
          delete from tidemark.rollup_marks m using tidemark.rollup_zones z
          where m.rollup = ? and m.connection_id = ? and m.day = ? and z.rollup = m.rollup and z.connection_id = m.connection_id and m.zone = z.zone
          returning z.zone)
        select zone, count(*)::int as marks from taken group by zone`,
        [rollup.table, connectionId, day],
      );
      if (marked === undefined) return;
      // a statement after the marks were taken: it sees every row whose mark is gone
      await trx.raw(`delete from public.${quote(rollup.table)} where connection_id = ? and day = ?`, [
        connectionId,
        day,
      ]);
      await trx.raw(computeStatement(rollup, columns), [connectionId, day, marked.zone, connectionId, day]);
    });
  }, tries);
}

/** Marks of every connection become marks of each. */
async function markConnections(db: Knex, rollup: Rollup): Promise<void> {
  await withRetry(() =>
    readCommitted(db, async (trx) => {
      await lockRollup(trx, rollup);
      const { rowCount } = await trx.raw(
        'delete from tidemark.rollup_marks where rollup = ? and connection_id is null',
        [rollup.table],
      );
      if (rowCount === 0) return;
      const tables = [rollup.table, ...rollup.inputs.map(({ table }) => table)];
      const sources = tables.map((table) => `select connection_id from public.${quote(table)}`);
      await trx.raw(
        `insert into tidemark.rollup_marks (rollup, connection_id) select ?, connection_id from (${sources.join(' union ')}) n`,
        [rollup.table],
      );
    }),
  );
}

/** Connections with a mark of every day, or of a day by another zone than their days were computed with; and those that have another zone now. */
async function unexpanded(db: Knex, rollup: Rollup): Promise<string[]> {
  const found = await query<{ id: string }>(
    db,
    /* sql */ `
    select m.connection_id as id from tidemark.rollup_marks m left join tidemark.rollup_zones z on z.rollup = m.rollup and z.connection_id = m.connection_id
    where m.rollup = :rollup and m.connection_id is not null and (m.day is null or m.zone is null or m.zone is distinct from z.zone)
    union
    select z.connection_id from tidemark.rollup_zones z join tidemark.connections c on c.id = z.connection_id
    where z.rollup = :rollup and z.zone <> ${zoneSql}
    order by 1`,
    { rollup: rollup.table, zone: rollup.timeZone },
  );
  return found.map(({ id }) => id);
}

/** SQL: the zone of a connection `c`. */
const zoneSql = `case when :zone = 'connection' then c.time_zone else :zone end`;

/** Marks of every day of a connection become marks of each day that it has rows of, in its zone as it is now. */
async function expand(db: Knex, rollup: Rollup, connectionId: string): Promise<void> {
  await withRetry(() =>
    readCommitted(db, async (trx) => {
      await lockRollup(trx, rollup);
      // rows of a connection that was removed keep the zone that they had
      const [found] = await query<{ zone: string }>(
        trx,
        /* sql */ `
        select coalesce(${zoneSql}, z.zone, 'UTC') as zone from (select 1) one
        left join tidemark.connections c on c.id = :connection
        left join tidemark.rollup_zones z on z.rollup = :rollup and z.connection_id = :connection`,
        { zone: rollup.timeZone, rollup: rollup.table, connection: connectionId },
      );
      const zone = found?.zone ?? 'UTC';
      // refused here, where no writer is at work, and not in the trigger: PostgreSQL may know fewer zones than Node.js
      await trx.raw(`select timestamptz 'epoch' at time zone ?`, [zone]);
      await trx.raw(
        `insert into tidemark.rollup_zones (rollup, connection_id, zone) values (?, ?, ?)
         on conflict (rollup, connection_id) do update set zone = excluded.zone`,
        [rollup.table, connectionId, zone],
      );
      await trx.raw(
        `delete from tidemark.rollup_marks where rollup = ? and connection_id = ? and (day is null or zone is distinct from ?)`,
        [rollup.table, connectionId, zone],
      );
      const { sql, bindings } = everyDay(rollup, connectionId, zone);
      await trx.raw(
        `insert into tidemark.rollup_marks (rollup, connection_id, day, zone) select ?, ?, day, ? from (${sql}) n where day is not null`,
        [rollup.table, connectionId, zone, ...bindings],
      );
    }),
  );
}

/** SQL: each day that a connection has rows of, in the roll-up or in its inputs. */
function everyDay(rollup: Rollup, connectionId: string, zone: string): { sql: string; bindings: string[] } {
  const parts = [
    { sql: `select day from public.${quote(rollup.table)} where connection_id = ?`, bindings: [connectionId] },
    ...rollup.inputs.flatMap(({ table, days = [] }) =>
      days.map((column) => ({
        sql: `select ${dayOf('t', column, 'a.zone')} from public.${quote(table)} t cross join (select cast(? as text) as zone) a where t.connection_id = ? and t.deleted_at is null`,
        bindings: [zone, connectionId],
      })),
    ),
  ];
  return { sql: parts.map(({ sql }) => sql).join(' union '), bindings: parts.flatMap(({ bindings }) => bindings) };
}

/** Set, since a database or a role may have another default, under which a statement would not see what was committed after the first. */
async function readCommitted(db: Knex, work: (trx: Knex.Transaction) => Promise<void>): Promise<void> {
  await db.transaction(work, { isolationLevel: 'read committed' });
}

/** What PostgreSQL said of the data or the SQL; undefined if all went well. Throws where the database cannot be reached. */
async function attempt(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (codeOf(error) === lockNotAvailable) return 'another transaction holds rows of it: end that, or wait';
    const known = destinationError(error);
    if (known instanceof TidemarkError) throw known;
    return wordsOf(error);
  }
}

async function columnsOf(db: Knex, rollup: Rollup): Promise<RollupColumn[]> {
  return query<RollupColumn>(
    db,
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
     where attrelid = to_regclass(?) and attnum > 2 and not attisdropped order by attnum`,
    [`public.${quote(rollup.table)}`],
  );
}

async function note(db: Knex, { table }: Rollup, failed: ReadonlyMap<string, string>): Promise<void> {
  const [first] = failed;
  await db.raw(
    `update tidemark.rollups set computed_at = clock_timestamp(), error = cast(:error as text),
       failed_at = case when cast(:error as text) is null then null else clock_timestamp() end where rollup = :rollup`,
    { rollup: table, error: first === undefined ? null : `${first[0]}: ${first[1]}`.slice(0, 500) },
  );
}
