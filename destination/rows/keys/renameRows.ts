import type { Knex } from 'knex';
import { isComposite } from '../../../schema/definition/compositeKey';
import type { EncodedRows } from '../format/encodedRows';
import { tableName } from '../format/rowFormat';
import type { WriteContext } from '../writeContext';

export interface Renamed {
  /** rows that got their record's better key */
  readonly rekeyed: number;
  /** ids of records that fit several rows, with the sentence that says so: nothing is written of them */
  readonly ambiguous: ReadonlyMap<string, string>;
}

const nothing: Renamed = { rekeyed: 0, ambiguous: new Map() };

/**
 * Gives rows the better key that their record has by now. A record may have several keys (`compositeKey`), and the first is its own: where no
 * row has it, live or deleted, and exactly one live row is named by another of them, that row is renamed, with everything in it. No
 * row is renamed that the same batch also shows under its own key, nor one that two records of the batch lay claim to: those are records of
 * their own. Comes before the rows are written; the caller holds the write lock.
 */
export async function renameRows(
  trx: Knex.Transaction,
  context: WriteContext,
  batch: readonly EncodedRows[],
): Promise<Renamed> {
  const { entity, connectionId, writtenBy } = context;
  if (!isComposite(entity.key)) return nothing;
  const keyed = batch.flatMap(({ ids, keys = [] }) => ids.map((id, at) => ({ id, keys: keys[at] ?? [] })));
  const several = keyed.filter(({ keys }) => keys.length > 1);
  if (several.length === 0) return nothing;
  const found = await formerNames(trx, context, several, new Set(keyed.map(({ id }) => id)));
  const ambiguous = new Map<string, string>();
  const claims = new Map<string, string[]>();
  for (const { id, formers } of found) {
    if (formers.length > 1) {
      const shown = formers.slice(0, 5).map((former) => JSON.stringify(former));
      ambiguous.set(id, `its keys name ${formers.length} live rows, ${shown.join(', ')}, and none has its first key`);
    }
    for (const former of formers) claims.set(former, [...(claims.get(former) ?? []), id]);
  }
  const renames = [...claims].flatMap(([former, [id = '', ...others]]) =>
    others.length > 0 || ambiguous.has(id) ? [] : [{ former, id }],
  );
  if (renames.length === 0) return { rekeyed: 0, ambiguous };
  await trx.raw(renameSql(tableName(entity)), [JSON.stringify(renames), connectionId, entity.name, writtenBy]);
  return { rekeyed: renames.length, ambiguous };
}

interface Found {
  readonly id: string;
  readonly formers: readonly string[];
}

/** Of records that no row is named after: the live rows that are named by another of their keys. */
async function formerNames(
  trx: Knex.Transaction,
  { entity, connectionId }: WriteContext,
  records: readonly { readonly id: string; readonly keys: readonly string[] }[],
  shown: ReadonlySet<string>,
): Promise<Found[]> {
  const table = tableName(entity);
  const { rows } = await trx.raw(
    /* sql */ `
    select n.id, array_agg(distinct c.external_id) as formers
    from jsonb_to_recordset(:records::jsonb) as n(id text collate "C", keys jsonb)
    cross join lateral jsonb_array_elements_text(n.keys) as k(key)
    join ${table} c on c.connection_id = :connectionId and c.external_id = k.key collate "C" and c.deleted_at is null
    where k.key <> n.id
      and not exists (select from ${table} t where t.connection_id = :connectionId and t.external_id = n.id)
    group by n.id order by n.id`,
    { records: JSON.stringify(records), connectionId },
  );
  return (rows as Found[]).flatMap(({ id, formers }) => {
    const left = formers.filter((former) => !shown.has(former));
    return left.length === 0 ? [] : [{ id, formers: left }];
  });
}

/** Renames, clears what was set aside under the former id, and traces both names. */
function renameSql(table: string): string {
  return /* sql */ `
    with s as (
      select r.former, r.id, c.connection_id, c.entity, c.written_by
      from jsonb_to_recordset(?::jsonb) as r(former text collate "C", id text collate "C")
      cross join (select ?::text as connection_id, ?::text as entity, ?::text as written_by) c
    ), renamed as (
      update ${table} t set external_id = s.id, synced_at = now(), _written_by = s.written_by
      from s where t.connection_id = s.connection_id and t.external_id = s.former
      returning t.external_id, t._version, t._sent_at, t._received_at, t._watermark_at
    ), cleared as (
      update tidemark.set_aside a set cleared_at = clock_timestamp(), cleared_by = s.written_by || ' renamed its row'
      from s where a.connection_id = s.connection_id and a.entity = s.entity and a.external_id = s.former and a.cleared_at is null
    )
    insert into tidemark.answers (connection_id, entity, external_id, other_id, outcome, won, gone, version, sent_at, received_at,
      written_by, held_gone, held_version, held_sent_at, held_received_at, watermark_at)
    select s.connection_id, s.entity, n.id, n.other, 'rekeyed', true, false, r._version, coalesce(r._sent_at, now()), coalesce(r._received_at, now()),
      s.written_by, false, r._version, r._sent_at, r._received_at, coalesce(r._watermark_at, '-infinity')
    from s join renamed r on r.external_id = s.id
    cross join lateral (values (s.former, s.id), (s.id, s.former)) n(id, other)`;
}
