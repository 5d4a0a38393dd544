import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { tableName } from '../rows/format/rowFormat';
import { stagingTable } from './staging';

/** The step of a run that lists the related records of all records, by their name. */
export const relatedScan = (name: string): string => `related-ids:${name}`;

/** Where it stages what is listed: by the id of the record, one row for each related record. */
export const relatedStaging = (runId: string, name: string): string =>
  stagingTable(runId, `related_${name.toLowerCase()}`);

/** Logged, unlike other staging tables: it is small against the records, and then a crash of PostgreSQL does not lose what is staged. */
export async function createRelatedStaging(db: Knex, runId: string, name: string): Promise<void> {
  await db.raw(
    `create table if not exists ${relatedStaging(runId, name)} (external_id text collate "C" not null, version text collate "C")`,
  );
}

/** A related record in the staging table and in the digest of what a row holds: its key and its version, in a line each. */
export function stagedText(key: string, version: string | null): string {
  return `${key}\n${version ?? ''}`;
}

export interface RelatedDiff {
  readonly runId: string;
  readonly connectionId: string;
  readonly entity: ConnectorEntity;
  /** of the related records */
  readonly name: string;
  /** paths in a related record */
  readonly key: string;
  readonly version: string | undefined;
}

/**
 * Compares, record by record, a digest of the related records that were listed with one of those that the row holds, in SQL. Records that differ are
 * owed, also those that were left out by the mapping and have related records. Returns how many differ.
 */
export async function oweDifferingRelated(
  trx: Knex.Transaction,
  { runId, connectionId, entity, name, key, version }: RelatedDiff,
): Promise<number> {
  const digest = (element: string) => `md5(string_agg(${element}, chr(30) order by ${element} collate "C"))`;
  const versioned = version === undefined ? `''` : `coalesce(k.value #>> cast(:version as text[]), '')`;
  const element = `(k.value #>> cast(:key as text[])) || chr(10) || ${versioned}`;
  const { rowCount } = await trx.raw(
    /* sql */ `
    with listed as (
      select external_id, ${digest('version')} as digest
      from (select distinct external_id, version from ${relatedStaging(runId, name)}) l group by 1
    ), held as (
      select c.external_id, (
        select ${digest(element)} from jsonb_array_elements(c.raw_related -> cast(:name as text)) k) as digest
      from ${tableName(entity)} c where c.connection_id = :connectionId and (c.deleted_at is null or c._left_out is not null) and c.raw_related is not null
    ), differing as (
      select h.external_id from held h left join listed l using (external_id) where h.digest is distinct from l.digest
      union
      select a.external_id from tidemark.set_aside a join listed l using (external_id)
      where a.connection_id = :connectionId and a.entity = :entity and a.reason = 'skipped' and a.cleared_at is null
        and not exists (select from held h where h.external_id = a.external_id)
    )
    insert into tidemark.owed as o (connection_id, entity, external_id, reason)
    select :connectionId, :entity, external_id, 'differs' from differing order by external_id collate "C"
    on conflict (connection_id, entity, external_id) do update set
      reason = excluded.reason, since = greatest(o.since, excluded.since), due_at = least(o.due_at, clock_timestamp())`,
    {
      connectionId,
      entity: entity.name,
      name,
      key: key.split('.'),
      ...(version !== undefined && { version: version.split('.') }),
    },
  );
  return rowCount ?? 0;
}
