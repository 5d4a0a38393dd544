import type { Knex } from 'knex';
import type { GoneAnswer } from '../../schema/answer';
import { tableName } from './format/rowFormat';
import { heldGone } from './leftOut';
import { mergeRule } from './mergeRule';
import { touchSql } from './touchRows';
import { heldColumns, traceSql } from './traceAnswers';
import { contextSql, contextValues, type WriteContext } from './writeContext';

/** An answer that a record is gone, with the times of the request that it came by. */
export interface TimedGone {
  readonly answer: GoneAnswer;
  readonly sent: number;
  readonly received: number;
  /**
   * For absence from a scan: rows received at or after this instant (the scan's start less the read lag) are exempt,
   * whichever writer wrote them. Milliseconds in PostgreSQL's time. Undefined for a 404, a tombstone or a delete webhook.
   */
  readonly receivedBefore?: number | undefined;
}

export interface SoftDeleteResult {
  readonly deleted: number;
  /** already gone, or not known and now remembered as gone */
  readonly unchanged: number;
  readonly refused: number;
  readonly disputed: number;
  readonly disputedIds: readonly string[];
  /** rows that went from live to deleted, for the plan's record and `undo` */
  readonly deletedIds: readonly string[];
}

/**
 * Soft-deletes under the merge rule. A row keeps its content and gets `deleted_at`; an id that has no row yet gets one
 * without content, so that a late page can't bring it back. Ids must not repeat; the caller holds the write lock.
 */
export async function softDelete(
  trx: Knex.Transaction,
  context: WriteContext,
  batch: readonly TimedGone[],
): Promise<SoftDeleteResult> {
  const table = tableName(context.entity);
  const opaque = context.entity.deltaSyncField?.kind === 'opaque';
  const version = (side: string) => (opaque ? `''` : `coalesce(${side}._version, '')`);
  const { admitted, wins, disputes, watermarkAfter, disputedAfter } = mergeRule({
    n: { gone: 'true', version: version('n'), sent: 'n._sent', received: 'n._received' },
    c: { gone: heldGone, version: version('c'), sent: 'c._sent_at', received: 'c._received_at' },
    rowWatermark: 'c._watermark_at',
    entityWatermark: 's.watermark_at',
    disputedAt: 'c._disputed_at',
    confirming: 's.confirming',
    lag: 's.lag',
    contentDiffers: '(c.deleted_at is null)',
  });
  // what the source never showed is not absent from it
  const exempt = `(n._before is not null and (c._received_at >= n._before or c._origin is distinct from 'source'))`;
  const { rows } = await trx.raw(
    /* sql */ `
    with judged as materialized (
      select n.*, s.connection_id as _connection, s.entity as _entity, s.confirming as _confirming, s.written_by as _by,
        c.external_id is not null as _known,
        c.deleted_at is null as _live,
        c._left_out is not null as _left,
        ${admitted} as _admitted,
        coalesce(${wins} and not ${exempt}, false) as _wins,
        coalesce(${disputes} and not ${exempt}, false) as _disputes,
        ${watermarkAfter} as _watermark_after,
        ${disputedAfter} as _disputed_after,
        c._partition as _partition_after,
        c._origin as _origin_after,
        ${heldColumns}
      from jsonb_to_recordset(?::jsonb) as n(_id text collate "C", _version text collate "C", _sent timestamptz, _received timestamptz, _before timestamptz)
      cross join (${contextSql}) s
      left join ${table} c on c.connection_id = s.connection_id and c.external_id = n._id
    ), remembered as (
      insert into ${table} (connection_id, external_id, synced_at, deleted_at, _version, _sent_at, _received_at, _watermark_at, _written_by, _origin)
      select _connection, _id, now(), now(), _version, _sent, _received, _watermark_after, _by, 'source'
      from judged where not _known and _admitted and _before is null order by _id
    ), deleted as (
      update ${table} t set deleted_at = coalesce(t.deleted_at, now()), synced_at = case when j._live then now() else t.synced_at end, _left_out = null, _version = j._version,
        _sent_at = j._sent, _received_at = j._received, _watermark_at = j._watermark_after, _disputed_at = j._disputed_after, _written_by = j._by
      from judged j where t.connection_id = j._connection and t.external_id = j._id and j._known and (j._live or j._left) and j._wins
    ), touched as (${touchSql(table, 'not (j._wins and (j._live or j._left)) and (j._disputes or j._wins)')}
    ), traced as (${traceSql({
      gone: 'true',
      outcome: `case when _disputes then 'disputed' when not _wins then 'refused' else 'deleted' end`,
      where: '_disputes or not _known and not _admitted or _known and _live',
    })})
    select count(*) filter (where _known and _live and _wins) as deleted,
      count(*) filter (where _known and not _live or not _known and _admitted) as unchanged,
      count(*) filter (where _known and _live and not _wins or not _known and not _admitted) as refused,
      count(*) filter (where _known and _disputes) as disputed,
      array_agg(_id order by _id) filter (where _known and _disputed_after is not null) as unsettled,
      array_agg(_id order by _id) filter (where _known and _live and _wins) as gone_now
    from judged`,
    [
      JSON.stringify(
        batch.map(({ answer, sent, received, receivedBefore }) => ({
          _id: answer.id,
          _version: answer.version ?? undefined,
          _sent: new Date(sent),
          _received: new Date(received),
          _before: receivedBefore === undefined ? undefined : new Date(receivedBefore),
        })),
      ),
      ...contextValues(context),
    ],
  );
  const [result] = rows;
  return {
    deleted: Number(result.deleted),
    unchanged: Number(result.unchanged),
    refused: Number(result.refused),
    disputed: Number(result.disputed),
    disputedIds: result.unsettled ?? [],
    deletedIds: result.gone_now ?? [],
  };
}
