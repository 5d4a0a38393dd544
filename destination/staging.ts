import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Knex } from 'knex';
import type { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Version } from '../schema/version';
import { quote } from './identifiers';

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

export async function createStaging(db: Knex, table: string): Promise<void> {
  await db.raw(
    `create unlogged table if not exists ${table} (external_id text collate "C" not null, version text collate "C") with (autovacuum_enabled = off)`,
  );
}

/** Appends to the staging table with COPY, within the transaction that also commits the resume point and the manifest. */
export async function stageIds(trx: Knex.Transaction, table: string, scanned: readonly ScannedId[]): Promise<void> {
  if (scanned.length === 0) return;
  const connection: Client = await trx.client.acquireConnection();
  const text = scanned
    .map(({ id, version }) => `${copyText(id)}\t${version === null ? '\\N' : copyText(version)}\n`)
    .join('');
  await pipeline(Readable.from([text]), connection.query(copyFrom(`copy ${table} (external_id, version) from stdin`)));
}

/** COPY's text format: https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS */
function copyText(value: string): string {
  return /[\\\t\n\r]/.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
    : value;
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
