import type { Column } from '../../../schema/definition/columns';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { referenceColumns } from '../../../schema/definition/references';
import { quote } from '../../database/identifiers';

/**
 * What every destination row has next to its typed columns. The columns with an underscore are the engine's: the answer that the
 * row holds, its watermark and its dispute; the partition that listed it last (null: not known), who brought it (`source`, `import`;
 * null: not the engine), the keys of its record, and why it is left out although the source has it: see `leftOut.ts`. No statement writes `first_written_at`: it is the default of the column.
 */
export const keyColumns: readonly Column[] = [
  { name: 'connection_id', type: 'text' },
  { name: 'external_id', type: 'text' },
];

export const engineColumns: readonly Column[] = [
  { name: 'source_updated_at', type: 'timestamp with time zone' },
  { name: 'synced_at', type: 'timestamp with time zone' },
  { name: 'first_written_at', type: 'timestamp with time zone' },
  { name: 'deleted_at', type: 'timestamp with time zone' },
  { name: '_version', type: 'text' },
  { name: '_sent_at', type: 'timestamp with time zone' },
  { name: '_received_at', type: 'timestamp with time zone' },
  { name: '_watermark_at', type: 'timestamp with time zone' },
  { name: '_disputed_at', type: 'timestamp with time zone' },
  { name: '_written_by', type: 'text' },
  { name: '_partition', type: 'text' },
  { name: '_origin', type: 'text' },
  { name: '_keys', type: 'text[]' },
  { name: '_left_out', type: 'text' },
];

export const rawColumn: Column = { name: 'raw', type: 'jsonb' };

/** Of an entity with related records: what the row holds of them, and when the request that showed it was sent and answered. */
export const relatedColumns: readonly Column[] = [
  { name: 'raw_related', type: 'jsonb' },
  { name: '_related_sent_at', type: 'timestamp with time zone' },
  { name: '_related_received_at', type: 'timestamp with time zone' },
];

/** Of an entity whose columns are the user's once a row is written (`conflict: 'skip'`): what the engine wrote, see `edits/inserted.ts`. */
export const insertedColumn: Column = { name: '_inserted', type: 'jsonb' };

/** Columns that hold what the mapping made: the content that the merge rule compares. */
export function contentColumns(entity: ConnectorEntity): readonly Column[] {
  return entity.columns;
}

/** Every column of an entity's table, in order. */
export function tableColumns(entity: ConnectorEntity): Column[] {
  const related = entity.related === undefined ? [] : relatedColumns;
  const references = referenceColumns(entity);
  const inserted = entity.conflict === 'skip' ? [insertedColumn] : [];
  return [
    ...keyColumns,
    ...entity.columns,
    ...references,
    ...engineColumns,
    ...(entity.raw ? [rawColumn] : []),
    ...related,
    ...inserted,
  ];
}

/** The quoted, schema-qualified table. */
export function tableName(entity: ConnectorEntity): string {
  return `public.${quote(entity.table)}`;
}

/** Columns that get the time of their statement where it names none. */
export const timedColumns: ReadonlySet<string> = new Set(['synced_at', 'first_written_at']);

/** Text columns that are compared byte by byte. */
export const collatedColumns: ReadonlySet<string> = new Set([
  'connection_id',
  'external_id',
  '_version',
  '_partition',
  '_origin',
]);
