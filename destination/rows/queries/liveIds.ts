import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { isStorable } from '../../../schema/text/storableText';
import { queryIds } from '../../database/query';
import { userEditsSql } from '../edits/userEdits';
import { tableName } from '../format/rowFormat';

/** Ids of rows that were soft-deleted, those deleted last first: their records are the likeliest that the source still knows as deleted. */
export async function someDeletedIds(
  db: Knex,
  connectionId: string,
  entity: ConnectorEntity,
  limit: number,
): Promise<string[]> {
  return queryIds(
    db,
    `select external_id as id from ${tableName(entity)} where connection_id = ? and deleted_at is not null order by deleted_at desc limit ?`,
    [connectionId, limit],
  );
}

/** Ids of live rows, at random: each row is as likely as any other. Reads the index of the primary key once. */
export async function sampleLiveIds(
  db: Knex,
  connectionId: string,
  entity: ConnectorEntity,
  limit: number,
): Promise<string[]> {
  return queryIds(
    db,
    `select external_id as id from ${tableName(entity)} where connection_id = ? and deleted_at is null order by random() limit ?`,
    [connectionId, limit],
  );
}

/** Those of the ids that have a live row. */
export async function liveIdsAmong(
  db: Knex,
  connectionId: string,
  entity: ConnectorEntity,
  ids: readonly string[],
): Promise<string[]> {
  if (ids.length === 0) return [];
  return queryIds(
    db,
    `select external_id as id from ${tableName(entity)} where connection_id = ? and external_id = any(?::text[]) and deleted_at is null`,
    [connectionId, [...ids]],
  );
}

/** Those of the ids that have a live row which carries no edits of a user. */
export async function uneditedAmong(
  db: Knex,
  connectionId: string,
  entity: ConnectorEntity,
  ids: readonly string[],
): Promise<string[]> {
  if (ids.length === 0) return [];
  return queryIds(
    db,
    `select c.external_id as id from ${tableName(entity)} c
     where c.connection_id = ? and c.external_id = any(?::text[]) and c.deleted_at is null and not ${await userEditsSql(db, entity, 'c')}
     order by 1`,
    [connectionId, [...ids]],
  );
}

export interface Unstaged {
  readonly table: string;
  readonly before: Date;
  readonly limit: number;
  /** SQL over the row (alias `c`): whether the staging table would hold it if it existed */
  readonly judged: { readonly sql: string; readonly bindings: Readonly<Record<string, Knex.RawBinding>> };
}

/** Ids of live rows of the source, received before an instant, that a staging table does not hold. */
export async function unstagedLiveIds(
  db: Knex,
  connectionId: string,
  entity: ConnectorEntity,
  { table, before, limit, judged }: Unstaged,
): Promise<string[]> {
  await db.raw(`analyze ${table}`);
  return queryIds(
    db,
    /* sql */ `
    select c.external_id as id from ${tableName(entity)} c
    where c.connection_id = :connectionId and c.deleted_at is null and c._received_at < :before
      and c._origin = 'source' and ${judged.sql}
      and not exists (select from ${table} s where s.external_id = c.external_id)
    order by c.external_id limit :limit`,
    { connectionId, before, limit, ...judged.bindings },
  );
}

/** Any live row that is none of these; undefined when there is none. */
export async function otherLiveId(
  db: Knex,
  connectionId: string,
  entity: ConnectorEntity,
  ids: readonly string[],
): Promise<string | undefined> {
  const [other] = await queryIds(
    db,
    `select external_id as id from ${tableName(entity)}
     where connection_id = ? and deleted_at is null and external_id <> all(?::text[]) limit 1`,
    [connectionId, ids.filter(isStorable)],
  );
  return other;
}

/** How many rows of a connection's entity are live. */
export async function countLive(db: Knex, connectionId: string, entity: ConnectorEntity): Promise<number> {
  const { rows } = await db.raw(
    `select count(*) as live from ${tableName(entity)} where connection_id = ? and deleted_at is null`,
    [connectionId],
  );
  return rows[0].live;
}
