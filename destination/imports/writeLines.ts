import type { Knex } from 'knex';
import type { LiveAnswer } from '../../schema/answer';
import type { Column } from '../../schema/definition/columns';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { quote } from '../database/identifiers';
import { encodeRows, incomingArrays, incomingSql } from '../rows/format/encodedRows';
import { tableName } from '../rows/format/rowFormat';
import { mergeRule } from '../rows/mergeRule';
import { contextSql, contextValues } from '../rows/writeContext';

/** What lines are written with. Made once for a run: the statement is kept by `entity`. */
export interface LinesContext {
  readonly connectionId: string;
  /** as the file sees it: see `entityOfFile` */
  readonly entity: ConnectorEntity;
  readonly importId: string;
  readonly runId: string;
  /** when what the file says was true, and when its last byte had come; milliseconds since 1970 */
  readonly sent: number;
  readonly received: number;
}

export interface LinesWritten {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  /** a later response of the source wrote the row, or said that it is gone */
  readonly refused: number;
  /** the row exists, and the import only inserts */
  readonly skipped: number;
}

/** The entity with the columns that a file fills, and nothing else of it: what the file lacks is not written. */
export function entityOfFile(
  entity: ConnectorEntity,
  columns: readonly Column[],
  conflict: 'update' | 'skip',
): ConnectorEntity {
  const names = new Set(columns.map(({ name }) => name));
  const { parents: _, ...rest } = entity;
  return {
    ...rest,
    ...{ columns: entity.columns.filter(({ name }) => names.has(name)), conflict, key: 'id', raw: false },
    ...{ related: undefined, deltaSyncField: undefined, duplicates: undefined },
  };
}

/** What a run writes as `_written_by`. */
export function writtenBy({ runId }: Pick<LinesContext, 'runId'>): string {
  return `run ${runId}`;
}

/**
 * Writes lines under the merge rule; ids must not repeat. A line says nothing of the version, so it ranks by time alone: below whatever the
 * source answered to a request that was sent after `sent`, and below every deletion. It opens no dispute, which nothing could settle. What
 * this run has written before is written over: the last line of a key counts. A changed row keeps what it held (`import_changes`), and
 * has no version until the source shows the row again, so that the next reconciliation fetches it. The caller holds the write lock.
 */
export async function writeLines(
  trx: Knex.Transaction,
  context: LinesContext,
  lines: readonly LiveAnswer[],
): Promise<LinesWritten> {
  const { entity, connectionId, importId } = context;
  const rows = encodeRows(entity, lines, context);
  const write = {
    connectionId,
    entity,
    confirming: false,
    readLagMs: 0,
    writtenBy: writtenBy(context),
    origin: 'import',
  } as const;
  const { rows: results } = await trx.raw(statementFor(entity), [
    ...contextValues(write),
    ...incomingArrays(entity, [rows]),
    importId,
  ]);
  return results[0];
}

const statements = new WeakMap<ConnectorEntity, string>();

function statementFor(entity: ConnectorEntity): string {
  const known = statements.get(entity) ?? statement(entity);
  statements.set(entity, known);
  return known;
}

/** What a row gets back when an import is undone, next to its content. */
export const keptColumns = [
  'source_updated_at',
  '_version',
  '_sent_at',
  '_received_at',
  '_written_by',
  '_origin',
] as const;

function statement(entity: ConnectorEntity): string {
  const table = tableName(entity);
  const content = entity.columns.map(({ name }) => quote(name));
  const of = (side: string) => content.map((name) => `${side}.${name}`).join(', ');
  const differ = `(c.deleted_at is not null or (${of('n')}) is distinct from (${of('c')}))`;
  const version = `coalesce(c._version, '')`;
  const { wins } = mergeRule({
    n: { gone: 'false', version, sent: 'n._sent', received: 'n._received' },
    c: { gone: '(c.deleted_at is not null)', version, sent: 'c._sent_at', received: 'c._received_at' },
    rowWatermark: 'c._watermark_at',
    // it bounds what the source may still say: a line says nothing for the source
    entityWatermark: `'-infinity'::timestamptz`,
    disputedAt: 'c._disputed_at',
    confirming: 'false',
    lag: 's.lag',
    contentDiffers: differ,
  });
  const own = 'c._written_by = s.written_by';
  const former = [...content, ...keptColumns].map((name) => `c.${name}`).join(', ');
  return /* sql */ `
    with judged as materialized (
      select c.external_id is not null as _known, coalesce(${wins} or ${own}, false) as _wins, ${differ} as _differs,
        ${entity.conflict === 'skip' ? `not coalesce(${own}, false)` : 'false'} as _left,
        case when c.external_id is not null then (select to_jsonb(f) from (select ${former}) f) end as _former,
        coalesce(${own}, false) as _own, s.connection_id as _connection, s.written_by as _by, n.*
      from (${contextSql}) s cross join (${incomingSql(entity)}) n
      left join lateral (select * from ${table} t where t.connection_id = s.connection_id and t.external_id = n._id offset 0) c on true
    ), inserted as (
      insert into ${table} (connection_id, external_id, ${content.map((name) => `${name}, `).join('')}synced_at, _sent_at, _received_at, _written_by, _origin)
      select _connection, _id, ${content.map((name) => `${name}, `).join('')}now(), _sent, _received, _by, 'import' from judged where not _known
    ), kept as (
      insert into tidemark.import_changes (import_id, external_id, former)
      select ?, _id, _former from judged where _known and _wins and _differs and not _left and not _own on conflict do nothing
    ), updated as (
      update ${table} t set ${content.map((name) => `${name} = j.${name}, `).join('')}synced_at = now(), source_updated_at = null, _version = null,
        _sent_at = j._sent, _received_at = j._received, _written_by = j._by, _origin = case when t._origin = 'source' then t._origin else 'import' end
      from judged j where t.connection_id = j._connection and t.external_id = j._id and j._known and j._wins and j._differs and not j._left
    )
    select count(*) filter (where not _known)::int as inserted,
      count(*) filter (where _known and not _left and _wins and _differs)::int as updated,
      count(*) filter (where _known and not _left and not _differs)::int as unchanged,
      count(*) filter (where _known and not _left and _differs and not _wins)::int as refused,
      count(*) filter (where _known and _left)::int as skipped
    from judged`;
}
