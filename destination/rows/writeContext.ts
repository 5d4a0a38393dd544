import type { Knex } from 'knex';
import type { LiveAnswer, SetAsideAnswer } from '../../schema/answer';
import type { ConnectorEntity } from '../../schema/definition/connector';

/** Whose answers are written, and by whom. */
export interface WriteContext {
  readonly connectionId: string;
  readonly entity: ConnectorEntity;
  /**
   * Whether the answers confirm: they came from `one`, or from a complete listing that stands for it. `in passing`: every listing stands
   * for `one` where records have neither version nor `one`. Such answers confirm too, but a row that is neither disputed nor changed by
   * one is not written for its times, or each delta would write the whole table.
   */
  readonly confirming: boolean | 'in passing';
  readonly readLagMs: number;
  /** who writes, for `explain`: `run 17`, `webhook`, `cli` */
  readonly writtenBy: string;
  /** the partition whose listing showed the records; null, the default, where a request says nothing of it, as `one` */
  readonly partition?: string | null;
  /** who shows them, default `source`; a row that the source has shown stays its own */
  readonly origin?: 'source' | 'import';
  /** fewer related records than a row holds are written, see `related/withheld.ts` */
  readonly acceptsFewer?: boolean;
  /** of an entity with related records: maps a record again with related records, both as JSON; null where it says that it is gone */
  readonly remap?: (id: string, raw: string, related: string) => LiveAnswer | SetAsideAnswer | null;
}

/** One row of what a guarded statement must know; bind `contextValues`. None, so that nothing is written, when the connection has been removed. */
export const contextSql = /* sql */ `
  select a.*, coalesce(e.watermark_at, '-infinity') as watermark_at
  from (select ?::text as connection_id, ?::text as entity, ?::boolean as confirming, ?::boolean as thorough, ?::interval as lag,
    ?::text as written_by, ?::text as partition, ?::text as origin) a
  join tidemark.connections k on k.id = a.connection_id
  left join tidemark.entities e on e.connection_id = a.connection_id and e.entity = a.entity`;

export function contextValues({
  connectionId,
  entity,
  confirming,
  readLagMs,
  writtenBy,
  partition = null,
  origin = 'source',
}: WriteContext): Knex.RawBinding[] {
  return [
    ...[connectionId, entity.name, confirming !== false, confirming === true, `${readLagMs} milliseconds`],
    ...[writtenBy, partition, origin],
  ];
}
