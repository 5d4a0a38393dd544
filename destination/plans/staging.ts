import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Knex } from 'knex';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Version } from '../../schema/version';
import type { Target } from '../../schema/workflows';
import { quote } from '../database/identifiers';

/** What a scan keeps of a record: enough for the set difference, never the record. */
export interface ScannedId {
  readonly id: string;
  readonly version: Version;
}

/**
 * The staging table of a run's scan. Unlogged, because it can be made again; `run_parts.staged` is its logged manifest,
 * by which a table that a crash has emptied is noticed. `step` is `scan` or `second-scan`.
 */
export function stagingTable(runId: string, step: string): string {
  return quote('tidemark', `scan_${runId}_${step.replace('-', '_')}`);
}

/** The staging table of a verification. One runs at a time for each entity; what a killed one left is overwritten. */
export function stagingOfVerify({ connectionId, entity }: Target): string {
  const name = createHash('md5').update(`${connectionId}/${entity}`).digest('hex').slice(0, 16);
  return quote('tidemark', `verify_${name}`);
}

/** `partitioned`: the table also says in which partition an id was listed. */
export async function createStaging(db: Knex, table: string, partitioned = false): Promise<void> {
  await db.raw(
    `create unlogged table if not exists ${table} (external_id text collate "C" not null, version text collate "C") with (autovacuum_enabled = off)`,
  );
  if (!partitioned) return;
  await db.raw(`alter table ${table} add column if not exists partition text collate "C"`);
}

/** Ids and versions as rows of COPY's binary format; they take a fraction of the memory of the records. */
export interface EncodedIds {
  readonly count: number;
  readonly rows: Buffer;
}

/** COPY's binary format: https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS */
const copyHeader = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const copyTrailer = Buffer.from([0xff, 0xff]);
/** most bytes of UTF-8 for one unit of a JavaScript string */
const bytesAUnit = 3;
/** what most ids with their versions take */
const usualRowBytes = 72;

/** Makes ids ready for COPY, of which about `expected` come; `partition`: the one that listed them, where the staging table has a column for it. */
export function encodeIds(ids: Iterable<ScannedId>, expected: number, partition: string | null = null): EncodedIds {
  const listedIn = partition === null ? 0 : 4 + partition.length * bytesAUnit;
  let buffer = Buffer.allocUnsafe(Math.max(1024, expected * (usualRowBytes + listedIn)));
  let at = 0;
  let count = 0;
  const text = (value: string) => {
    const bytes = buffer.write(value, at + 4);
    buffer.writeInt32BE(bytes, at);
    at += 4 + bytes;
  };
  for (const { id, version } of ids) {
    const room = 2 + 4 + 4 + listedIn + (id.length + (version?.length ?? 0)) * bytesAUnit;
    if (at + room > buffer.length) buffer = Buffer.concat([buffer], Math.max(at + room, buffer.length * 2));
    at = buffer.writeInt16BE(partition === null ? 2 : 3, at);
    text(id);
    if (version === null) at = buffer.writeInt32BE(-1, at);
    else text(version);
    if (partition !== null) text(partition);
    count += 1;
  }
  return { count, rows: buffer.subarray(0, at) };
}

/** Appends to the staging table with COPY, within the transaction that also commits the resume point and the manifest. */
export async function stageIds(
  trx: Knex.Transaction,
  table: string,
  pages: readonly EncodedIds[],
  partitioned = false,
): Promise<void> {
  if (pages.every(({ count }) => count === 0)) return;
  const connection: Client = await trx.client.acquireConnection();
  const parts = [copyHeader, ...pages.map(({ rows }) => rows), copyTrailer];
  await pipeline(
    Readable.from(parts),
    connection.query(
      copyFrom(`copy ${table} (external_id, version${partitioned ? ', partition' : ''}) from stdin (format binary)`),
    ),
  );
}

/**
 * How many ids the staging table holds; the difference is only drawn when that is what the manifest says.
 * Also analyses it, since autovacuum doesn't get to a table that lives for minutes.
 */
export async function countStaged(db: Knex, table: string): Promise<number> {
  await db.raw(`analyze ${table}`);
  const { rows } = await db.raw(`select count(*) as staged from ${table}`);
  return rows[0].staged;
}

export async function emptyStaging(db: Knex, table: string): Promise<void> {
  await db.raw(`truncate ${table}`);
}

export async function dropStaging(db: Knex, table: string): Promise<void> {
  await db.raw(`drop table if exists ${table}`);
}
