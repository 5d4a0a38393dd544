import type { Knex } from 'knex';
import type { Asked, SetAsideAnswer } from '../../schema/answer';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { queryIds } from '../database/query';
import { eachThatFits } from './eachThatFits';
import { updatedAt } from './format/encodedRows';
import { jsonText } from './format/rowArrays';
import { tableName } from './format/rowFormat';
import { heldGone } from './leftOut';
import { mergeRule } from './mergeRule';
import { touchSql } from './touchRows';
import { heldColumns, traceSql } from './traceAnswers';
import { contextSql, contextValues, type WriteContext } from './writeContext';

/** An answer that shows a record which the mapping leaves out, with the times of its request. */
export interface Skip {
  readonly id: string;
  readonly answer: SetAsideAnswer;
  readonly asked: Asked;
}

export interface MarkedRows {
  /** ids whose row holds a later answer: what this one says of them counts no more */
  readonly outranked: ReadonlySet<string>;
  /** ids whose row is disputed now */
  readonly disputed: readonly string[];
}

/** The answers of a batch that show a record which the mapping leaves out; of several about one record, the one that ranks highest. */
export function skipsIn(answers: readonly SetAsideAnswer[]): Skip[] {
  const skips = new Map<string, Skip>();
  for (const answer of answers) {
    const { id, reason, asked } = answer;
    if (id === null || reason !== 'skipped' || asked === undefined) continue;
    const before = skips.get(id);
    if (before === undefined || ranks({ id, answer, asked }, before)) skips.set(id, { id, answer, asked });
  }
  return [...skips.values()];
}

function ranks(a: Skip, b: Skip): boolean {
  const [version, other] = [a.answer.version ?? '', b.answer.version ?? ''];
  return version === other ? a.asked.sent >= b.asked.sent : version > other;
}

/**
 * Marks the rows of these records as left out, under the merge rule: an answer that ranks below what the row holds marks nothing. A record without a
 * row stays without one. Ids must not repeat; the caller holds the write lock.
 */
export async function markSkipped(
  trx: Knex.Transaction,
  context: WriteContext,
  skips: readonly Skip[],
): Promise<MarkedRows> {
  const outranked = new Set<string>();
  const disputed: string[] = [];
  if (skips.length === 0) return { outranked, disputed };
  await eachThatFits(trx, skips, {
    write: (part) => mark(trx, context, part),
    landed: (rows) => {
      for (const row of rows) {
        if (row.disputed) disputed.push(row.id);
        if (row.outranked) outranked.add(row.id);
      }
    },
    // the record is set aside in any case; a payload that PostgreSQL cannot hold leaves its row as it is
    refused: () => undefined,
  });
  return { outranked, disputed };
}

interface Marked {
  readonly id: string;
  readonly outranked: boolean;
  readonly disputed: boolean;
}

async function mark(trx: Knex.Transaction, context: WriteContext, skips: readonly Skip[]): Promise<readonly Marked[]> {
  const { rows } = await trx.raw(markStatement(context.entity), [
    JSON.stringify(
      skips.map(({ id, answer: { version = null, raw }, asked }) => ({
        _id: id,
        _version: version ?? undefined,
        _updated: updatedAt(context.entity, { version }) ?? undefined,
        _raw: jsonText(raw) ?? undefined,
        _sent: new Date(asked.sent),
        _received: new Date(asked.received),
      })),
    ),
    ...contextValues(context),
  ]);
  return rows;
}

function markStatement(entity: ConnectorEntity): string {
  const table = tableName(entity);
  const version = (side: string) =>
    entity.deltaSyncField?.kind === 'opaque' ? `''` : `coalesce(${side}._version, '')`;
  const { wins, disputes, watermarkAfter, disputedAfter } = mergeRule({
    n: { gone: 'false', version: version('n'), sent: 'n._sent', received: 'n._received' },
    c: { gone: heldGone, version: version('c'), sent: 'c._sent_at', received: 'c._received_at' },
    rowWatermark: 'c._watermark_at',
    entityWatermark: 's.watermark_at',
    disputedAt: 'c._disputed_at',
    confirming: 's.confirming',
    lag: 's.lag',
    contentDiffers: '(c.deleted_at is null and c._left_out is null)',
  });
  return /* sql */ `
    with judged as materialized (
      select n.*, s.connection_id as _connection, s.entity as _entity, s.written_by as _by, true as _known,
        ${heldGone} as _gone,
        c.deleted_at is null and c._left_out is null as _shown,
        coalesce(${wins}, false) as _wins,
        coalesce(${disputes}, false) as _disputes,
        ${watermarkAfter} as _watermark_after,
        ${disputedAfter} as _disputed_after,
        coalesce(s.partition, c._partition) as _partition_after,
        c._origin as _origin_after,
        ${heldColumns}
      from jsonb_to_recordset(?::jsonb) as n(_id text collate "C", _version text collate "C", _updated timestamptz, _raw text, _sent timestamptz, _received timestamptz)
      cross join (${contextSql}) s
      join lateral (select * from ${table} t where t.connection_id = s.connection_id and t.external_id = n._id offset 0) c on true
    ), marked as (
      update ${table} t set _left_out = 'skipped', ${entity.raw ? 'raw = j._raw::jsonb, ' : ''}
        source_updated_at = j._updated, _version = j._version, _sent_at = j._sent, _received_at = j._received,
        _watermark_at = j._watermark_after, _disputed_at = j._disputed_after, _partition = j._partition_after,
        _written_by = case when j._shown then j._by else t._written_by end
      from judged j where t.connection_id = j._connection and t.external_id = j._id and j._wins
    ), touched as (${touchSql(table, 'not j._wins and j._disputes')}
    ), traced as (${traceSql({
      gone: 'false',
      outcome: `case when _disputes then 'disputed' else 'refused' end`,
      where: '_disputes or _shown and not _wins',
    })})
    select _id as id, _disputed_after is not null as disputed, not _wins and not _gone as outranked from judged`;
}

/** Marks rows as left out whose own record the mapping leaves out: nothing was requested, so version and times stay. */
export async function markOwn(
  trx: Knex.Transaction,
  connectionId: string,
  entity: ConnectorEntity,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  await trx.raw(
    `update ${tableName(entity)} set _left_out = 'skipped'
     where connection_id = ? and external_id = any(?::text[]) and deleted_at is null and _left_out is null`,
    [connectionId, [...ids]],
  );
}

/** Those of the ids whose row the mapping has left out. */
export async function skippedAmong(
  trx: Knex,
  connectionId: string,
  entity: ConnectorEntity,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  return new Set(
    await queryIds(
      trx,
      `select external_id as id from ${tableName(entity)} where connection_id = ? and external_id = any(?::text[]) and _left_out = 'skipped'`,
      [connectionId, [...ids]],
    ),
  );
}
