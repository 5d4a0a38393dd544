import type { Knex } from 'knex';
import { type Counts, noCounts } from '../../schema/answer';
import { isComposite } from '../../schema/definition/compositeKey';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { quote } from '../database/identifiers';
import { insertedSql } from './edits/inserted';
import { incomingExcludedSql } from './exclusion/excludedSql';
import { type EncodedRows, incomingArrays, incomingSql } from './format/encodedRows';
import { contentColumns, relatedColumns, tableName } from './format/rowFormat';
import { heldGone, notShown } from './leftOut';
import { mergeRule } from './mergeRule';
import { touchSql } from './touchRows';
import { heldColumns, traceSql } from './traceAnswers';
import { contextSql, contextValues, type WriteContext } from './writeContext';

export type UpsertCounts = Pick<
  Counts,
  'inserted' | 'updated' | 'unchanged' | 'refused' | 'disputed' | 'skipped' | 'excluded'
>;

export interface UpsertResult {
  readonly counts: UpsertCounts;
  /** ids of the batch whose row is disputed now */
  readonly disputed: readonly string[];
}

/**
 * Writes live answers under the merge rule: one statement, an array for each column. The caller holds the entity's
 * write lock, so what the statement reads is what it writes over, and the counts are exact. Ids must not repeat, in none of the parts.
 *
 * `mostlyNew`, a guess that only costs time where it is wrong: what is not in the table is inserted first, which is a tenth
 * cheaper, and a batch of which anything is left is judged as a whole, where the rows just inserted are unchanged.
 */
export async function upsertRows(
  trx: Knex.Transaction,
  context: WriteContext,
  batch: readonly EncodedRows[],
  mostlyNew = false,
): Promise<UpsertResult> {
  const { entity } = context;
  const values = [...contextValues(context), ...incomingArrays(entity, batch)];
  const { insertNew, judge } = statementsFor(entity);
  const mayInsertFirst = mostlyNew && !context.confirming && entity.exclusions === undefined;
  const first = mayInsertFirst ? ((await trx.raw(insertNew, values)).rowCount ?? 0) : 0;
  if (first === batch.reduce((sum, { ids }) => sum + ids.length, 0)) {
    return { counts: { ...noCounts, inserted: first }, disputed: [] };
  }
  const { rows: results } = await trx.raw(judge, values);
  const result = results[0];
  // what was inserted first is there already, the same
  const [unchanged, skipped] = entity.conflict === 'skip' ? [0, first] : [first, 0];
  return {
    counts: {
      inserted: Number(result.inserted) + first,
      updated: Number(result.updated),
      unchanged: Number(result.unchanged) - unchanged,
      refused: Number(result.refused),
      disputed: Number(result.disputed),
      skipped: Number(result.skipped) - skipped,
      excluded: Number(result.excluded),
    },
    disputed: result.unsettled ?? [],
  };
}

interface Statements {
  readonly insertNew: string;
  readonly judge: string;
}

const statements = new WeakMap<ConnectorEntity, Statements>();

function statementsFor(entity: ConnectorEntity): Statements {
  let both = statements.get(entity);
  if (both === undefined) {
    both = { insertNew: insertStatement(entity), judge: upsertStatement(entity) };
    statements.set(entity, both);
  }
  return both;
}

/** Of a record that has no row the merge rule asks one thing: that it was received after the entity's watermark. */
function insertStatement(entity: ConnectorEntity): string {
  const table = tableName(entity);
  const named = [...contentColumns(entity).map(({ name }) => quote(name)), ...besides(entity), ...relatedOf(entity)];
  return /* sql */ `
    insert into ${table} (connection_id, external_id, ${insertedName(entity)}${named.map((name) => `${name}, `).join('')}
      source_updated_at, synced_at, _version, _sent_at, _received_at, _written_by, _partition, _origin)
    select s.connection_id, n._id, ${insertedValue(entity, 'n.')}${named.map((name) => `n.${asWritten(name)}, `).join('')}
      n._updated, now(), n._version, n._sent, n._received, s.written_by, s.partition, s.origin
    from (${contextSql}) s cross join (${incomingSql(entity)}) n
    where n._received >= s.watermark_at
      and not exists (select from ${table} t where t.connection_id = s.connection_id and t.external_id = n._id offset 0)`;
}

function upsertStatement(entity: ConnectorEntity): string {
  const table = tableName(entity);
  const content = contentColumns(entity).map(({ name }) => quote(name));
  const owned = entity.conflict === 'update' ? content : [];
  const raw = besides(entity);
  const related = relatedOf(entity);
  // rows that exist have got their related records by then, see `relateRows`
  const changedBefore = related.length > 0 ? '_related_changed' : 'false';
  const versionOf = (side: string) =>
    entity.deltaSyncField?.kind === 'opaque' ? `''` : `coalesce(${side}._version, '')`;
  const columnsDiffer = owned.length > 0 ? `(${row('n', owned)}) is distinct from (${row('c', owned)})` : 'false';
  const { excluded, stateDiffers, contradictsState, join } = exclusionOf(entity);
  const { admitted, wins, disputes, watermarkAfter, disputedAfter } = mergeRule({
    n: { gone: 'false', version: versionOf('n'), sent: 'n._sent', received: 'n._received' },
    c: { gone: heldGone, version: versionOf('c'), sent: 'c._sent_at', received: 'c._received_at' },
    rowWatermark: 'c._watermark_at',
    entityWatermark: 's.watermark_at',
    disputedAt: 'c._disputed_at',
    confirming: 's.confirming',
    lag: 's.lag',
    contentDiffers: `(${contradictsState} or ${columnsDiffer})`,
  });
  return /* sql */ `
    with context as materialized (${contextSql}
    ), judged as materialized (
      -- what all parts below look at comes first: a row is unpacked only up to there
      select c.external_id is not null as _known,
        ${admitted} as _admitted,
        coalesce(${wins}${later(entity, admitted)}, false) as _wins,
        coalesce(${disputes}${noDuplicate(entity)}, false) as _disputes,
        ${excluded} as _excluded, c._left_out is not distinct from 'excluded' as _was_excluded,
        (${stateDiffers} or ${columnsDiffer}${entity.conflict === 'update' ? ' or c._version is distinct from n._version' : ''}) as _changed,
        ${watermarkAfter} as _watermark_after,
        ${disputedAfter} as _disputed_after,
        ${heldColumns},
        coalesce(s.partition, c._partition) as _partition_after,
        ${originAfter} as _origin_after,
        -- a row from before partitions were noted counts as listed in ''
        coalesce(s.partition <> coalesce(c._partition, ''), false) or c._origin is distinct from ${originAfter} as _moved,
        s.connection_id as _connection, s.entity as _entity, s.confirming as _confirming, s.thorough or c._disputed_at is not null as _thorough, s.written_by as _by, n.*
      from (${incomingSql(entity)}) n
      cross join context s
      -- one look into the index for each row: PostgreSQL would rather read the whole table while it is small against a batch
      left join lateral (select * from ${table} t where t.connection_id = s.connection_id and t.external_id = n._id offset 0) c on true${join}
    ), inserted as (
      insert into ${table} (connection_id, external_id, ${insertedName(entity)}${[...content, ...raw, ...related].map((name) => `${name}, `).join('')}
        source_updated_at, synced_at, deleted_at, _left_out, _version, _sent_at, _received_at, _watermark_at, _written_by, _partition, _origin)
      select _connection, _id, ${insertedValue(entity, '')}${[...content, ...raw, ...related].map((name) => `${asWritten(name)}, `).join('')}
        _updated, now(), case when _excluded then now() end, case when _excluded then 'excluded' end, _version, _sent, _received, _watermark_after, _by, _partition_after, _origin_after
      from judged where not _known and _admitted
    ), updated as (
      update ${table} t set ${[...owned, ...raw].map((name) => `${name} = j.${asWritten(name)}, `).join('')}
        source_updated_at = j._updated, synced_at = now(), deleted_at = case when j._excluded then t.deleted_at end, _left_out = case when j._excluded then 'excluded' end, _version = j._version,
        _sent_at = j._sent, _received_at = j._received, _watermark_at = j._watermark_after, _disputed_at = j._disputed_after, _written_by = j._by,
        _partition = j._partition_after, _origin = j._origin_after
      from judged j where t.connection_id = j._connection and t.external_id = j._id and j._known and j._wins and j._changed
    ), touched as (${touchSql(table, 'not (j._wins and j._changed) and (j._disputes or j._wins and (j._confirming and j._thorough or j._moved))')}
    ), traced as (${traceSql({
      gone: 'false',
      outcome: `case when _disputes then 'disputed' when not _wins then 'refused' when _was_excluded then 'included' else 'revived' end`,
      where:
        '_disputes or not _known and not _admitted or _known and _changed and not _wins or _held_gone and _wins and not _excluded',
    })})
    select count(*) filter (where not _known and _admitted and not _excluded) as inserted,
      count(*) filter (where _known and not _excluded and (_wins and _changed or ${changedBefore})) as updated,
      count(*) filter (where _known and not _changed and not _excluded and not ${changedBefore} ${entity.conflict === 'skip' ? 'and false' : ''}) as unchanged,
      count(*) filter (where _known and not _changed and not _excluded ${entity.conflict === 'skip' ? '' : 'and false'}) as skipped,
      count(*) filter (where _excluded and (_known or _admitted) and (not _known or _wins or not _changed or ${changedBefore})) as excluded,
      count(*) filter (where not _known and not _admitted or _known and _changed and not _wins and not ${changedBefore}) as refused,
      count(*) filter (where _known and _disputes) as disputed,
      array_agg(_id) filter (where _known and _disputed_after is not null) as unsettled
    from judged`;
}

/**
 * SQL for whether another row excludes the record. A row that is excluded holds what its record is all the same, so that a source which
 * shows it again contradicts nothing, and once nothing excludes it the row is right as it is.
 */
function exclusionOf(entity: ConnectorEntity) {
  if (entity.exclusions === undefined)
    return { excluded: 'false', stateDiffers: notShown, contradictsState: notShown, join: '' };
  return {
    excluded: 'x.excluded',
    stateDiffers: `c._left_out is distinct from (case when x.excluded then 'excluded' end) or c.deleted_at is not null and not x.excluded`,
    contradictsState: `${heldGone} or c._left_out is not distinct from 'skipped'`,
    join: `\n      cross join lateral (select ${incomingExcludedSql(entity, 's.connection_id')} as excluded offset 0) x`,
  };
}

/** What the source has shown is the source's, whoever brings it again. */
const originAfter = `(case when c._origin = 'source' then c._origin else s.origin end)`;

/** Where the last of several records with one key is kept, it replaces one that the same run has written before. */
function later({ duplicates }: ConnectorEntity, admitted: string): string {
  return duplicates?.keep === 'last' ? ` or ${admitted} and c._written_by = s.written_by` : '';
}

/** A duplicate is no contradiction: another record of the same run, or one of an older version where the newest is kept. */
function noDuplicate({ duplicates }: ConnectorEntity): string {
  switch (duplicates?.keep) {
    case 'last':
      return ' and c._written_by is distinct from s.written_by';
    case 'newest':
      return ` and not (c.deleted_at is null and coalesce(n._version, '') < coalesce(c._version, ''))`;
    default:
      return '';
  }
}

/** What is written with the content without being compared. */
function besides(entity: ConnectorEntity): string[] {
  return [...(entity.raw ? ['raw'] : []), ...(isComposite(entity.key) ? ['_keys'] : [])];
}

function relatedOf(entity: ConnectorEntity): string[] {
  return entity.related === undefined ? [] : relatedColumns.map(({ name }) => name);
}

/** Columns are the user's once a row is written, and what was written is kept. */
function insertedName({ conflict }: ConnectorEntity): string {
  return conflict === 'skip' ? '_inserted, ' : '';
}

function insertedValue(entity: ConnectorEntity, side: string): string {
  return entity.conflict === 'skip' ? `${insertedSql(entity, side)}, ` : '';
}

/** JSON comes as text, see `incomingSql`. */
function asWritten(name: string): string {
  return name === 'raw' || name === 'raw_related' ? `${name}::jsonb` : name;
}

function row(side: string, columns: readonly string[]): string {
  return columns.map((column) => `${side}.${column}`).join(', ');
}
