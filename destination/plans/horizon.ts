import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { parseDuration } from '../../schema/duration';
import { quote } from '../database/identifiers';
import { query } from '../database/query';

/** The half-open range of one column that a listing shows, where it does not show everything. */
export interface Horizon {
  readonly column: string;
  readonly timeZone: string;
  readonly from: Date | null;
  readonly to: Date | null;
}

/** The range that a listing covers when it is read at `at` (milliseconds, PostgreSQL's time); null where it shows everything. */
export async function horizonOf(
  db: Knex,
  entity: ConnectorEntity,
  listing: 'all' | 'ids',
  { at, timeZone: ofConnection }: { readonly at: number; readonly timeZone: string },
): Promise<Horizon | null> {
  const covers = entity.listings[listing]?.covers;
  if (covers === undefined) return null;
  const { field, from, to, timeZone = ofConnection } = covers;
  const [day] = await query<{ began: Date }>(
    db,
    `select date_trunc('day', cast(:at as timestamptz) at time zone :timeZone) at time zone :timeZone as began`,
    { at: new Date(at), timeZone },
  );
  const before = (duration: string) => new Date(at - parseDuration(duration));
  const until = to === 'today' ? (day?.began ?? new Date(at)) : to === undefined ? null : before(to);
  return { column: field, timeZone, from: from === undefined ? null : before(from), to: until };
}

/**
 * SQL: whether a row (alias `c`) lies inside of the range by at least a day, so that neither the edge of a day nor another reading of
 * the zone makes it look absent. False where its column is null. Bind `horizonBindings`.
 */
export function insideSql(entity: ConnectorEntity, horizon: Horizon | null): string {
  if (horizon === null) return 'true';
  const column = `c.${quote(horizon.column)}`;
  const type = entity.columns.find(({ name }) => name === horizon.column)?.type;
  const instant =
    type === 'timestamp with time zone' ? column : `(cast(${column} as timestamp) at time zone :coverZone)`;
  return `coalesce(${instant} >= coalesce(cast(:coverFrom as timestamptz) + interval '1 day', '-infinity')
      and ${instant} < coalesce(cast(:coverTo as timestamptz) - interval '1 day', 'infinity'), false)`;
}

export function horizonBindings(horizon: Horizon | null): Record<string, Date | string | null> {
  if (horizon === null) return {};
  return { coverFrom: horizon.from, coverTo: horizon.to, coverZone: horizon.timeZone };
}
