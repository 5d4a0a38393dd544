import type { Knex } from 'knex';
import type { LiveAnswer, RelatedPart } from '../../../schema/answer';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { storableJson } from '../../../schema/text/storableText';
import { quote } from '../../database/identifiers';
import { query } from '../../database/query';
import { contentColumns, tableName } from '../format/rowFormat';
import { heldGone } from '../leftOut';

/** What a row holds of the related records, and how it compares with an incoming reading. */
export interface HeldRelated {
  readonly id: string;
  /** gone at the source */
  readonly deleted: boolean;
  /** the mapping left its record out */
  readonly leftOut: boolean;
  /** false: none have been read for it yet */
  readonly has: boolean;
  /** milliseconds since 1970, in PostgreSQL's time; null without */
  readonly sent: number | null;
  readonly received: number | null;
  /** the incoming reading is another one, or there is none */
  readonly differs: boolean;
  /** of which it has some; null: of none */
  readonly kinds: readonly string[] | null;
}

/** What the rows of these ids hold; no entry where there is no row. Under the entity's write lock it stays so. */
export async function heldRelated(
  trx: Knex.Transaction,
  connectionId: string,
  entity: ConnectorEntity,
  incoming: readonly { readonly id: string; readonly json: string | null }[],
): Promise<Map<string, HeldRelated>> {
  const rows = await query<HeldRelated>(
    trx,
    /* sql */ `
    select n.id, ${heldGone} as deleted, c._left_out is not distinct from 'skipped' as "leftOut", c.raw_related is not null as has,
      extract(epoch from c._related_sent_at)::float8 * 1000 as sent, extract(epoch from c._related_received_at)::float8 * 1000 as received,
      c.raw_related is distinct from nullif(n.json, '')::jsonb as differs,
      (select array_agg(e.key) from jsonb_each(c.raw_related) e where jsonb_array_length(e.value) > 0) as kinds
    from unnest(?::text[], ?::text[]) as n(id, json)
    -- one look into the index for each row, see upsertRows
    cross join lateral (select * from ${tableName(entity)} t
      where t.connection_id = ? and t.external_id = n.id collate "C" offset 0) c`,
    [incoming.map(({ id }) => id), incoming.map(({ json }) => json ?? ''), connectionId],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** The record and its related records as a row keeps them, as JSON. */
export interface KeptTexts {
  readonly id: string;
  readonly raw: string | null;
  readonly related: string | null;
}

export async function keptTexts(
  trx: Knex.Transaction,
  connectionId: string,
  entity: ConnectorEntity,
  ids: readonly string[],
): Promise<Map<string, KeptTexts>> {
  if (ids.length === 0) return new Map();
  const rows = await query<KeptTexts>(
    trx,
    `select external_id as id, raw::text as raw, raw_related::text as related from ${tableName(entity)}
     where connection_id = ? and external_id = any(?)`,
    [connectionId, [...ids]],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** What is written of related records into a row that exists. */
export interface RelatedWrite {
  readonly id: string;
  /** undefined: what the row holds stays */
  readonly part: RelatedPart | undefined;
  /** the row's own record mapped with them; undefined: its columns stay */
  readonly row: LiveAnswer['row'] | undefined;
  /** the mapping leaves the row's own record out with them */
  readonly skipped?: boolean;
  /** milliseconds since 1970: another reading contradicts this one, and was received by then */
  readonly disputedAt: number | null;
}

/**
 * Writes related records into rows that exist, in one statement; ids must not repeat. Of the record itself nothing changes: version, times and
 * watermark stay. Returns the ids of rows of which a column changed.
 */
export async function relateRows(
  trx: Knex.Transaction,
  connectionId: string,
  entity: ConnectorEntity,
  writes: readonly RelatedWrite[],
): Promise<string[]> {
  if (writes.length === 0) return [];
  const columns = contentColumns(entity);
  const names = columns.map(({ name }) => quote(name));
  const differ =
    names.length === 0
      ? `n._mapped and c._left_out is not distinct from 'skipped'`
      : `n._mapped and (c._left_out is not distinct from 'skipped' or (${names.map((name) => `n.${name}`).join(', ')}) is distinct from (${names.map((name) => `c.${name}`).join(', ')}))`;
  const rows = await query<{ id: string; differs: boolean }>(
    trx,
    /* sql */ `
    with judged as materialized (
      select n.*, ${differ} as _differs
      from jsonb_to_recordset(cast(:writes as jsonb)) as n(_id text collate "C", _related text, _sent timestamptz, _received timestamptz,
        _disputed timestamptz, _mapped boolean, _skipped boolean${columns.map(({ name, type }) => `, ${quote(name)} ${type}`).join('')})
      join ${tableName(entity)} c on c.connection_id = :connectionId and c.external_id = n._id
    )
    update ${tableName(entity)} t set ${names.map((name) => `${name} = case when j._mapped then j.${name} else t.${name} end, `).join('')}
      raw_related = coalesce(j._related::jsonb, t.raw_related),
      _related_sent_at = coalesce(j._sent, t._related_sent_at), _related_received_at = coalesce(j._received, t._related_received_at),
      _disputed_at = greatest(t._disputed_at, j._disputed),
      deleted_at = case when j._mapped and t._left_out = 'skipped' then null else t.deleted_at end,
      _left_out = case when j._mapped and t._left_out = 'skipped' then null when j._skipped then 'skipped' else t._left_out end,
      synced_at = case when j._differs then now() else t.synced_at end
    from judged j where t.connection_id = :connectionId and t.external_id = j._id
    returning j._id as id, j._differs as differs`,
    {
      connectionId,
      writes: storableJson(
        writes.map(({ id, part, row, skipped = false, disputedAt }) => ({
          ...row,
          _id: id,
          _related: part?.json,
          _sent: part && new Date(part.sent),
          _received: part && new Date(part.received),
          _disputed: disputedAt === null ? undefined : new Date(disputedAt),
          _mapped: row !== undefined,
          _skipped: skipped,
        })),
      ),
    },
  );
  return rows.filter(({ differs }) => differs).map(({ id }) => id);
}
