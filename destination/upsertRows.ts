import type { Knex } from 'knex';
import type { Counts, LiveAnswer } from '../schema/answer';
import type { ConnectorEntity } from '../schema/connector';
import { guard } from './guard';
import { quote } from './identifiers';
import { arrayParameter, columnText, jsonText } from './rowArrays';
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
 * Writes live answers under the guard: one statement, an array for each column. The caller holds the entity's
 * write lock, so what the statement reads is what it writes over, and the counts are exact. Ids must not repeat.
 */
export async function upsertRows(
  trx: Knex.Transaction,
  context: WriteContext,
  batch: readonly TimedLive[],
): Promise<UpsertResult> {
  const { entity } = context;
  const { numbers, sent, received } = requestsOf(batch);
  const { rows: results } = await trx.raw(statementFor(entity), [
    ...contextValues(context),
    ...columnArrays(entity, batch),
    numbers,
    sent,
    received,
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

/** What stands in `source_updated_at`: the version where that is an instant, in whole milliseconds. */
export function updatedAt({ deltaSyncField }: ConnectorEntity, { version }: LiveAnswer): string | null {
  return deltaSyncField.kind === 'instant' && version !== null ? `${version.slice(0, 23)}Z` : null;
}

/** The requests of a batch, each once, and by which of them, counted from 1, each answer came. */
function requestsOf(batch: readonly TimedLive[]): { numbers: number[]; sent: string[]; received: string[] } {
  const sent: string[] = [];
  const received: string[] = [];
  let last: TimedLive | undefined;
  // answers of one request stand together
  const numbers = batch.map((timed) => {
    if (timed.sent !== last?.sent || timed.received !== last.received) {
      sent.push(new Date(timed.sent).toISOString());
      received.push(new Date(timed.received).toISOString());
    }
    last = timed;
    return sent.length;
  });
  return { numbers, sent, received };
}

/** Id, version, the source's time, raw and each column of content, in the order of `upsertStatement`. */
function columnArrays(entity: ConnectorEntity, batch: readonly TimedLive[]): Buffer[] {
  const texts = (of: (answer: LiveAnswer) => string | null) =>
    arrayParameter(
      'text',
      batch.map(({ answer }) => of(answer)),
    );
  const jsons = (of: (answer: LiveAnswer) => unknown) =>
    arrayParameter(
      'jsonb',
      batch.map(({ answer }) => jsonText(of(answer))),
    );
  return [
    texts(({ id }) => id),
    texts(({ version }) => version),
    texts((answer) => updatedAt(entity, answer)),
    ...(entity.raw ? [jsons(({ raw }) => raw)] : []),
    ...contentColumns(entity).map(({ name, type }) =>
      type === 'jsonb' ? jsons(({ row }) => row[name]) : texts(({ row }) => columnText(row[name])),
    ),
  ];
}

/** The rows of a batch, cast to the types of their columns; binds what `columnArrays` gives and the request's number of each. */
function incomingSql(entity: ConnectorEntity): string {
  const columns = [
    { name: '_id', type: 'text', cast: ' collate "C"' },
    { name: '_version', type: 'text', cast: ' collate "C"' },
    { name: '_updated', type: 'timestamptz', cast: '::timestamptz' },
    ...(entity.raw ? [{ name: 'raw', type: 'jsonb', cast: '' }] : []),
    ...contentColumns(entity).map(({ name, type }) => ({ name, type, cast: type === 'text' ? '' : `::${type}` })),
  ];
  const arrays = columns.map(({ type }) => (type === 'jsonb' ? '?::jsonb[]' : '?::text[]'));
  const names = columns.map(({ name }) => quote(name));
  return /* sql */ `
      select ${columns.map(({ name, cast }) => `u.${quote(name)}${cast} as ${quote(name)}`).join(', ')}, u._request
      from unnest(${arrays.join(', ')}, ?::int[]) as u(${names.join(', ')}, _request)`;
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
    with context as materialized (${contextSql}
    ), judged as materialized (
      select n.*, q.sent as _sent, q.received as _received, s.connection_id as _connection, s.entity as _entity, s.confirming as _confirming,
        s.written_by as _by, c.external_id is not null as _known,
        ${admitted} as _admitted,
        coalesce(${wins}, false) as _wins,
        coalesce(${disputes}, false) as _disputes,
        (c.deleted_at is not null or ${columnsDiffer}${entity.conflict === 'update' ? ' or c._version is distinct from n._version' : ''}) as _changed,
        ${lineAfter} as _line_after,
        ${disputedAfter} as _disputed_after,
        ${heldColumns}
      from (${incomingSql(entity)}) n
      join unnest(?::timestamptz[], ?::timestamptz[]) with ordinality as q(sent, received, number) on q.number = n._request
      cross join context s
      -- one look into the index for each row: PostgreSQL would rather read the whole table while it is small against a batch
      left join lateral (select * from ${table} t where t.connection_id = s.connection_id and t.external_id = n._id offset 0) c on true
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
