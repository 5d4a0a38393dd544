import type { Knex } from 'knex';
import { quote } from '../../database/identifiers';
import { query } from '../../database/query';

/** One row of a roll-up. */
export interface Figures {
  readonly connectionId: string;
  /** `2026-11-21` */
  readonly day: string;
  /** every other column */
  readonly values: Readonly<Record<string, string | number | boolean | null>>;
}

export interface FiguresOf {
  /** null: of all */
  readonly connectionId: string | null;
  /** the first and the last day; null: no bound */
  readonly from: string | null;
  readonly to: string | null;
  readonly limit: number;
}

/** Rows of a roll-up's table, the newest days first; none where the table has not been made. */
export async function figuresOf(db: Knex, table: string, asked: FiguresOf): Promise<Figures[]> {
  const [made] = await query<{ there: boolean }>(db, 'select to_regclass(?) is not null as there', [
    `public.${quote(table)}`,
  ]);
  if (!made?.there) return [];
  const { connectionId, from, to, limit } = asked;
  const rows = await query<Record<string, unknown>>(
    db,
    /* sql */ `
    select r.* from public.${quote(table)} r
    where (cast(:connectionId as text) is null or r.connection_id = :connectionId)
      and (cast(:from as date) is null or r.day >= cast(:from as date)) and (cast(:to as date) is null or r.day <= cast(:to as date))
    order by r.day desc, r.connection_id, r::text limit :limit`,
    { connectionId, from, to, limit },
  );
  return rows.map(({ connection_id, day, ...values }) => ({
    connectionId: String(connection_id),
    day: String(day),
    values: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, plain(value)])),
  }));
}

function plain(value: unknown): string | number | boolean | null {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  return value instanceof Date ? value.toISOString() : JSON.stringify(value);
}
