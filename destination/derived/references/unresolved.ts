import type { Knex } from 'knex';
import type { Reference } from '../../../schema/definition/references';
import { quote } from '../../database/identifiers';
import { query } from '../../database/query';
import { normalised } from './keys';
import { matching } from './resolve';

/** How many live rows of a connection a reference has been found for, and why not for the others. */
export interface ReferenceFacts {
  /** rows that refer by anything */
  readonly referring: number;
  readonly found: number;
  /** no live row matches */
  readonly orphans: number;
  /** several match */
  readonly ambiguous: number;
  /** one matches, and the next sweep finds it */
  readonly pending: number;
  /** orphans and ambiguous rows, the ambiguous first */
  readonly samples: readonly UnresolvedRow[];
}

export interface UnresolvedRow {
  readonly id: string;
  /** rows that match, at most 10; none: an orphan */
  readonly matches: readonly string[];
}

/** Reads the rows of a connection once; `limit`: samples at most. */
export async function referenceFacts(
  db: Knex,
  reference: Reference,
  connectionId: string,
  limit: number,
): Promise<ReferenceFacts> {
  const { by, column, toTable } = reference;
  const some = by.map(({ mine, normalise }) => `${normalised('b', mine, normalise)} is not null`).join(' or ');
  const matches = by.map(
    (key) =>
      `(select array_agg(m.external_id order by m.external_id) from (${matching(key, toTable, 'b')} limit 10) m)`,
  );
  const rows = /* sql */ `
    with asked as (select cast(? as text) collate "C" as connection_id), referring as materialized (
      select b.external_id as id, b.${quote(column)} as found,
        case when b.${quote(column)} is null then coalesce(${matches.join(', ')}, '{}') else '{}' end as matches
      from public.${quote(reference.table)} b, asked a
      where b.connection_id = a.connection_id and b.deleted_at is null and (${some})
    )`;
  const [facts] = await query<ReferenceFacts>(
    db,
    /* sql */ `${rows}
    select count(*)::int as referring, count(found)::int as found,
      (count(*) filter (where found is null and cardinality(matches) = 0))::int as orphans,
      (count(*) filter (where cardinality(matches) > 1))::int as ambiguous,
      (count(*) filter (where cardinality(matches) = 1))::int as pending,
      coalesce((select json_agg(s) from (
        select id, matches from referring where found is null and cardinality(matches) <> 1
        order by cardinality(matches) = 0, id limit ?) s), '[]') as samples
    from referring`,
    [connectionId, limit],
  );
  return facts ?? { referring: 0, found: 0, orphans: 0, ambiguous: 0, pending: 0, samples: [] };
}
