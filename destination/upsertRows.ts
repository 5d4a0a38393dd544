import type { Knex } from 'knex';
import type { Counts } from '../schema/answer';
import type { ConnectorEntity } from '../schema/connector';
import { type EncodedRows, incomingArrays, incomingSql } from './encodedRows';
import { guard } from './guard';
import { quote } from './identifiers';
import { contentColumns, tableName } from './rowFormat';
import { touchSql } from './touchRows';
import { heldColumns, traceSql } from './traceAnswers';
import { contextSql, contextValues, type WriteContext } from './writeContext';

export type UpsertCounts = Pick<Counts, 'inserted' | 'updated' | 'unchanged' | 'refused' | 'disputed' | 'skipped'>;

export interface UpsertResult {
  readonly counts: UpsertCounts;
  /** ids of the batch whose row is disputed now */
  readonly disputed: readonly string[];
}

/**
 * Writes live answers under the guard: one statement, an array for each column. The caller holds the entity's
 * write lock, so what the statement reads is what it writes over, and the counts are exact. Ids must not repeat, in none of the parts.
 */
export async function upsertRows(
  trx: Knex.Transaction,
  context: WriteContext,
  batch: readonly EncodedRows[],
): Promise<UpsertResult> {
  const { entity } = context;
  const { rows: results } = await trx.raw(statementFor(entity), [
    ...contextValues(context),
    ...incomingArrays(entity, batch),
  ]);
  const result = results[0];
  return {
    counts: {
      inserted: Number(result.inserted),
      updated: Number(result.updated),
      unchanged: Number(result.unchanged),
      refused: Number(result.refused),
      disputed: Number(result.disputed),
      skipped: Number(result.skipped),
    },
    disputed: result.unsettled ?? [],
  };
}

const statements = new WeakMap<ConnectorEntity, string>();

function statementFor(entity: ConnectorEntity): string {
  let sql = statements.get(entity);
  if (sql === undefined) {
    sql = upsertStatement(entity);
    statements.set(entity, sql);
  }
  return sql;
}

function upsertStatement(entity: ConnectorEntity): string {
  const table = tableName(entity);
  const content = contentColumns(entity).map(({ name }) => quote(name));
  const owned = entity.conflict === 'update' ? content : [];
  const raw = entity.raw ? ['raw'] : [];
  // `raw` comes as text, see `incomingSql`
  const written = (name: string) => (name === 'raw' ? 'raw::jsonb' : name);
  const versionOf = (side: string) =>
    entity.deltaSyncField.kind === 'opaque' ? `''` : `coalesce(${side}._version, '')`;
  const columnsDiffer = owned.length > 0 ? `(${row('n', owned)}) is distinct from (${row('c', owned)})` : 'false';
  const { admitted, wins, disputes, lineAfter, disputedAfter } = guard({
    n: { gone: 'false', version: versionOf('n'), sent: 'n._sent', received: 'n._received' },
    c: { gone: '(c.deleted_at is not null)', version: versionOf('c'), sent: 'c._sent_at', received: 'c._received_at' },
    rowLine: 'c._line_at',
    entityLine: 's.line_at',
    disputedAt: 'c._disputed_at',
    confirming: 's.confirming',
    lag: 's.lag',
    contentDiffers: `(c.deleted_at is not null or ${columnsDiffer})`,
  });
  return /* sql */ `
    with context as materialized (${contextSql}
    ), judged as materialized (
      -- what all parts below look at stands first: a row is unpacked only up to there
      select c.external_id is not null as _known,
        ${admitted} as _admitted,
        coalesce(${wins}, false) as _wins,
        coalesce(${disputes}, false) as _disputes,
        (c.deleted_at is not null or ${columnsDiffer}${entity.conflict === 'update' ? ' or c._version is distinct from n._version' : ''}) as _changed,
        ${lineAfter} as _line_after,
        ${disputedAfter} as _disputed_after,
        ${heldColumns},
        s.connection_id as _connection, s.entity as _entity, s.confirming as _confirming, s.written_by as _by, n.*
      from (${incomingSql(entity)}) n
      cross join context s
      -- one look into the index for each row: PostgreSQL would rather read the whole table while it is small against a batch
      left join lateral (select * from ${table} t where t.connection_id = s.connection_id and t.external_id = n._id offset 0) c on true
    ), inserted as (
      insert into ${table} (connection_id, external_id, ${[...content, ...raw].map((name) => `${name}, `).join('')}
        source_updated_at, synced_at, _version, _sent_at, _received_at, _line_at, _written_by)
      select _connection, _id, ${[...content, ...raw].map((name) => `${written(name)}, `).join('')}
        _updated, now(), _version, _sent, _received, _line_after, _by
      from judged where not _known and _admitted
    ), updated as (
      update ${table} t set ${[...owned, ...raw].map((name) => `${name} = j.${written(name)}, `).join('')}
        source_updated_at = j._updated, synced_at = now(), deleted_at = null, _version = j._version,
        _sent_at = j._sent, _received_at = j._received, _line_at = j._line_after, _disputed_at = j._disputed_after, _written_by = j._by
      from judged j where t.connection_id = j._connection and t.external_id = j._id and j._known and j._wins and j._changed
    ), touched as (${touchSql(table, 'not (j._wins and j._changed) and (j._disputes or j._wins and j._confirming)')}
    ), traced as (${traceSql({
      gone: 'false',
      outcome: `case when _disputes then 'disputed' when not _wins then 'refused' else 'revived' end`,
      where: '_disputes or not _known and not _admitted or _known and _changed and not _wins or _held_gone and _wins',
    })})
    select count(*) filter (where not _known and _admitted) as inserted,
      count(*) filter (where _known and _wins and _changed) as updated,
      count(*) filter (where _known and not _changed ${entity.conflict === 'skip' ? 'and false' : ''}) as unchanged,
      count(*) filter (where _known and not _changed ${entity.conflict === 'skip' ? '' : 'and false'}) as skipped,
      count(*) filter (where not _known and not _admitted or _known and _changed and not _wins) as refused,
      count(*) filter (where _known and _disputes) as disputed,
      array_agg(_id) filter (where _known and _disputed_after is not null) as unsettled
    from judged`;
}

function row(side: string, columns: readonly string[]): string {
  return columns.map((column) => `${side}.${column}`).join(', ');
}
