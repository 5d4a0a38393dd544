import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Knex } from 'knex';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { quote } from '../../database/identifiers';
import { query } from '../../database/query';

/** A line of a document whose days are replaced, as it waits for the end of the document. */
export interface Line {
  /** `2026-11-21` */
  readonly day: string;
  /** what lines of a day may have in common */
  readonly key: string;
  /** its content, for the order of lines that have a key in common */
  readonly content: string;
  /** the record as JSON */
  readonly raw: string;
}

/** A line in its place among those of its day that have its key. */
export interface NumberedLine extends Pick<Line, 'key' | 'raw'> {
  /** from 1 */
  readonly number: number;
}

/**
 * The table in which the lines of a run wait. The hourly sweep drops it with the staging tables of a run, whose names it resembles. Unlogged: an
 * attempt reads only what it has staged itself.
 */
export function linesTable(runId: string, step: string): string {
  return quote('tidemark', `scan_${runId}_lines_${step.replaceAll('-', '_')}`);
}

/** The name of the index of the table, which is in its schema. */
function indexOf(table: string): string {
  const name = table.slice(table.lastIndexOf('.') + 2, -1);
  return quote(`${name}_by_day`);
}

/** Whose lines they are: one attempt at one partition. */
export interface LinesOf {
  readonly table: string;
  readonly partition: string;
  readonly fence: number;
}

/** Makes the table where it is missing, and deletes what earlier attempts have staged. May be called at the same time from several processes. */
export async function openLines(db: Knex, { table, partition, fence }: LinesOf): Promise<void> {
  await db.transaction(async (trx) => {
    await trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 3))', [table]);
    await trx.raw(
      /* sql */ `
      create unlogged table if not exists ${table} (partition text collate "C" not null, fence bigint not null,
        day date not null, key text collate "C" not null, content text collate "C" not null, raw text not null)`,
    );
    await trx.raw(`create index if not exists ${indexOf(table)} on ${table} (partition, fence, day)`);
  });
  await db.raw(`delete from ${table} where partition = ? and fence < ?`, [partition, fence]);
}

/** Appends lines by COPY. */
export async function stageLines(
  db: Knex,
  { table, partition, fence }: LinesOf,
  lines: readonly Line[],
): Promise<void> {
  if (lines.length === 0) return;
  const place = `${copied(partition)}\t${fence}`;
  const rows = lines.map(
    ({ day, key, content, raw }) => `${place}\t${day}\t${copied(key)}\t${copied(content)}\t${copied(raw)}\n`,
  );
  await db.transaction(async (trx) => {
    const connection: Client = await trx.client.acquireConnection();
    await pipeline(
      Readable.from(rows),
      connection.query(copyFrom(`copy ${table} (partition, fence, day, key, content, raw) from stdin`)),
    );
  });
}

const special: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** A value in COPY's text format: https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS */
function copied(value: string): string {
  return value.replace(/[\\\t\n\r]/g, (one) => special[one] ?? one);
}

/** The days of the staged lines, in order, and how many lines each has. To be called once all are staged. */
export async function stagedDays(db: Knex, { table, partition, fence }: LinesOf): Promise<ReadonlyMap<string, number>> {
  await db.raw(`analyze ${table}`);
  const rows = await query<{ day: string; lines: number }>(
    db,
    `select day::text as day, count(*)::int as lines from ${table} where partition = ? and fence = ? group by 1 order by 1`,
    [partition, fence],
  );
  return new Map(rows.map(({ day, lines }) => [day, lines]));
}

/** The lines of a day; those that have a key in common are in the order of their content, whatever order the document has. */
export function linesOfDay(db: Knex, { table, partition, fence }: LinesOf, day: string): Promise<NumberedLine[]> {
  return query<NumberedLine>(
    db,
    /* sql */ `
    select key, raw, row_number() over (partition by key order by content, raw collate "C")::int as number from ${table}
    where partition = ? and fence = ? and day = ? order by key, number`,
    [partition, fence, day],
  );
}

export async function dropLines(db: Knex, { table, partition, fence }: LinesOf): Promise<void> {
  await db.raw(`delete from ${table} where partition = ? and fence = ?`, [partition, fence]);
}
