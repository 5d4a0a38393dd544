import type { Knex } from 'knex';
import type { Counts, LiveAnswer } from '../schema/answer';
import type { ConnectorEntity } from '../schema/connector';
import { instantOfVersion } from '../schema/version';
import { guard } from './guard';
import { quote } from './identifiers';
import { contentColumns, tableName } from './rowFormat';
import { heldColumns, traceSql } from './traceAnswers';
import { contextSql, contextValues, type WriteContext } from './writeContext';

/** One answer with the times of the request that it came by. */
export interface TimedLive {
  readonly answer: LiveAnswer;
  readonly sent: number;
  readonly received: number;
}

export type UpsertCounts = Pick<Counts, 'inserted' | 'updated' | 'unchanged' | 'refused' | 'disputed' | 'skipped'>;

export interface UpsertResult {
  readonly counts: UpsertCounts;
  /** ids of the batch whose row is disputed now */
  readonly disputed: readonly string[];
}

/**
 * Writes live answers under the guard: one statement, the rows as one JSON parameter. The caller holds the entity's
 * write lock, so what the statement reads is what it writes over, and the counts are exact. Ids must not repeat.
 */
export async function upsertRows(
  trx: Knex.Transaction,
  context: WriteContext,
  batch: readonly TimedLive[],
): Promise<UpsertResult> {
  const { entity } = context;
  const requests = new Map<string, number>();
  const sent: string[] = [];
  const received: string[] = [];
  const rows = batch.map(({ answer, ...times }) => {
    const request = `${times.sent} ${times.received}`;
    let number = requests.get(request);
    if (number === undefined) {
      number = requests.size + 1;
      requests.set(request, number);
      sent.push(new Date(times.sent).toISOString());
      received.push(new Date(times.received).toISOString());
    }
    return {
      ...answer.row,
      _id: answer.id,
      _version: answer.version ?? undefined,
      _updated: updatedAt(entity, answer),
      _request: number,
      raw: entity.raw ? answer.raw : undefined,
    };
  });
  const { rows: results } = await trx.raw(statementFor(entity), [
    JSON.stringify(rows),
    sent,
    received,
    ...contextValues(context),
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

/** What stands in `source_updated_at`. */
export function updatedAt(entity: ConnectorEntity, { version }: LiveAnswer): Date | undefined {
  const tells = entity.deltaSyncField.kind === 'instant' && version !== null;
  return tells ? new Date(instantOfVersion(version)) : undefined;
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
  const owned = entity.conflict === 'update' ? contentColumns(entity).map(({ name }) => quote(name)) : [];
  const content = contentColumns(entity).map(({ name }) => quote(name));
  const raw = entity.raw ? ['raw'] : [];
  const versionOf = (side: string) =>
    entity.deltaSyncField.kind === 'opaque' ? `''` : `coalesce(${side}._version, '')`;
  const columnsDiffer = owned.length > 0 ? `(${row('n', owned)}) is distinct from (${row('c', owned)})` : 'false';
  const { admitted, wins, disputes, lineAfter, disputedAfter } = guard({
    n: { gone: 'false', version: versionOf('n'), sent: 'q.sent', received: 'q.received' },
    c: { gone: '(c.deleted_at is not null)', version: versionOf('c'), sent: 'c._sent_at', received: 'c._received_at' },
    rowLine: 'c._line_at',
    entityLine: 's.line_at',
    disputedAt: 'c._disputed_at',
    confirming: 's.confirming',
    lag: 's.lag',
    contentDiffers: `(c.deleted_at is not null or ${columnsDiffer})`,
  });
  return /* sql */ `
    with judged as materialized (
      select n.*, q.sent as _sent, q.received as _received, s.connection_id as _connection, s.entity as _entity, s.confirming as _confirming,
        s.written_by as _by, c.external_id is not null as _known,
        ${admitted} as _admitted,
        coalesce(${wins}, false) as _wins,
        coalesce(${disputes}, false) as _disputes,
        (c.deleted_at is not null or ${columnsDiffer}${entity.conflict === 'update' ? ' or c._version is distinct from n._version' : ''}) as _changed,
        ${lineAfter} as _line_after,
        ${disputedAfter} as _disputed_after,
        ${heldColumns}
      from jsonb_to_recordset(?::jsonb) as n(
        _id text collate "C", _version text collate "C", _updated timestamptz, _request int
        ${entity.raw ? ', raw jsonb' : ''}${contentColumns(entity)
          .map(({ name, type }) => `, ${quote(name)} ${type}`)
          .join('')})
      join unnest(?::timestamptz[], ?::timestamptz[]) with ordinality as q(sent, received, number) on q.number = n._request
      cross join (${contextSql}) s
      left join ${table} c on c.connection_id = s.connection_id and c.external_id = n._id
    ), inserted as (
      insert into ${table} (connection_id, external_id, ${[...content, ...raw].join(', ')}${content.length + raw.length > 0 ? ', ' : ''}
        source_updated_at, synced_at, _version, _sent_at, _received_at, _line_at, _written_by)
      select _connection, _id, ${[...content, ...raw].join(', ')}${content.length + raw.length > 0 ? ', ' : ''}
        _updated, now(), _version, _sent, _received, _line_after, _by
      from judged where not _known and _admitted order by _id
    ), updated as (
      update ${table} t set ${[...owned, ...raw].map((name) => `${name} = j.${name}, `).join('')}
        source_updated_at = j._updated, synced_at = now(), deleted_at = null, _version = j._version,
        _sent_at = j._sent, _received_at = j._received, _line_at = j._line_after, _disputed_at = j._disputed_after, _written_by = j._by
      from judged j where t.connection_id = j._connection and t.external_id = j._id and j._known and j._wins and j._changed
    ), touched as (
      update ${table} t set _disputed_at = j._disputed_after,
        _sent_at = case when j._wins then j._sent else t._sent_at end,
        _received_at = case when j._wins then j._received else t._received_at end,
        _line_at = case when j._wins then j._line_after else t._line_at end
      from judged j where t.connection_id = j._connection and t.external_id = j._id and j._known
        and not (j._wins and j._changed) and (j._disputes or j._wins and j._confirming)
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
      array_agg(_id order by _id) filter (where _known and _disputed_after is not null) as unsettled
    from judged`;
}

function row(side: string, columns: readonly string[]): string {
  return columns.map((column) => `${side}.${column}`).join(', ');
}
