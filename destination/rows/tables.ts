import type { Knex } from 'knex';
import type { Column } from '../../schema/definition/columns';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { TidemarkError } from '../../schema/errors';
import { withRetry } from '../database/destinationError';
import { quote } from '../database/identifiers';
import { collatedColumns, tableColumns, tableName, timedColumns } from './format/rowFormat';

/** What was done to a table so that it agrees with its row schema. */
export interface TableChange {
  readonly created: boolean;
  /** columns, all of them where the table was created */
  readonly added: readonly string[];
}

/**
 * Makes an entity's table agree with its row schema: created, or widened by the columns it lacks. Never narrows, never
 * changes a type: an incompatible column is refused with the statement that would be needed. Columns of the user's own stay.
 * Safe to call at the same time from many processes. `alongside`: what must be committed with a change of the table.
 * Throws TidemarkError 'DestinationIncompatible'.
 */
export async function ensureTable(
  db: Knex,
  entity: ConnectorEntity,
  alongside: (trx: Knex.Transaction, change: TableChange) => Promise<void> = async () => {},
): Promise<TableChange> {
  const wanted = tableColumns(entity);
  if (missing(wanted, await existingColumns(db, entity), entity)?.length === 0) return { created: false, added: [] };
  return withRetry(() =>
    db.transaction(async (trx) => {
      await trx.raw(`select set_config('lock_timeout', '5s', true), pg_advisory_xact_lock(hashtextextended(?, 1))`, [
        `table ${entity.table}`,
      ]);
      const existing = await existingColumns(trx, entity);
      const lacking = missing(wanted, existing, entity);
      if (lacking === undefined) {
        await trx.raw(createStatement(entity, wanted));
        await trx.raw(
          `create index ${quote(`${entity.table}_disputed`)} on ${tableName(entity)} (connection_id, _disputed_at) where _disputed_at is not null`,
        );
        await trx.raw(leftOutIndex(entity));
        const change = { created: true, added: wanted.map(({ name }) => name) };
        await alongside(trx, change);
        return change;
      }
      const change = { created: false, added: lacking.map(({ name }) => name) };
      if (lacking.length > 0) {
        await trx.raw(`alter table ${tableName(entity)} ${lacking.flatMap(additions).join(', ')}`);
        if (change.added.includes('_left_out')) await trx.raw(leftOutIndex(entity));
        await alongside(trx, change);
      }
      return change;
    }),
  );
}

/** Finds the rows that are to be deleted because their record is left out, and those that were. */
function leftOutIndex(entity: ConnectorEntity): string {
  return `create index if not exists ${quote(`${entity.table}_left_out`)} on ${tableName(entity)} (connection_id, deleted_at) where _left_out is not null`;
}

/** undefined: there is no table yet. */
function missing(
  wanted: readonly Column[],
  existing: ReadonlyMap<string, string>,
  entity: ConnectorEntity,
): Column[] | undefined {
  if (existing.size === 0) return undefined;
  const clashes = wanted.flatMap(({ name, type }) => {
    const found = existing.get(name);
    return found === undefined || found === type ? [] : [{ name, type, found }];
  });
  if (clashes.length > 0) {
    const statements = clashes.map(
      ({ name, type }) =>
        `alter table ${tableName(entity)} alter column ${quote(name)} type ${type} using ${quote(name)}::${type};`,
    );
    throw new TidemarkError(
      'DestinationIncompatible',
      `Table ${entity.table} does not fit entity ${entity.name}: ${clashes
        .map(({ name, type, found }) => `column ${name} is ${found} but the row schema needs ${type}`)
        .join('; ')}. Change the row schema, or run this yourself where it is safe:\n${statements.join('\n')}`,
    );
  }
  return wanted.filter(({ name }) => !existing.has(name));
}

/** Whether an entity's table exists with every column that its row schema needs, and those of entities that exclude its records. */
export async function tableFits(db: Knex, entity: ConnectorEntity): Promise<boolean> {
  for (const { of } of entity.exclusions ?? []) if (of !== undefined && !(await tableFits(db, of))) return false;
  return missing(tableColumns(entity), await existingColumns(db, entity), entity)?.length === 0;
}

/** Whether an entity's table has been made. */
export async function tableExists(db: Knex, entity: ConnectorEntity): Promise<boolean> {
  const { rows } = await db.raw('select to_regclass(?) is not null as exists', [tableName(entity)]);
  return rows[0].exists;
}

async function existingColumns(db: Knex, entity: ConnectorEntity): Promise<Map<string, string>> {
  const { rows } = await db.raw(
    /* sql */ `
    select a.attname as name, format_type(a.atttypid, a.atttypmod) as type
    from pg_attribute a
    where a.attrelid = to_regclass(?) and a.attnum > 0 and not a.attisdropped`,
    [tableName(entity)],
  );
  return new Map(rows.map(({ name, type }: Column) => [name, type]));
}

function createStatement(entity: ConnectorEntity, columns: readonly Column[]): string {
  const definitions = columns.map(
    (column) => `${definition(column)}${timedColumns.has(column.name) ? ' default now()' : ''}`,
  );
  return `create table ${tableName(entity)} (${definitions.join(', ')}, primary key (connection_id, external_id))`;
}

/** The default of an added column is set apart, so that rows which were written before have no time that is wrong. */
function additions(column: Column): string[] {
  const added = `add column ${definition(column)}`;
  return timedColumns.has(column.name) ? [added, `alter column ${quote(column.name)} set default now()`] : [added];
}

function definition({ name, type }: Column): string {
  // Typed columns may be null: an id that was deleted before it was ever seen has a row without content.
  return `${quote(name)} ${type}${collatedColumns.has(name) ? ' collate "C"' : ''}${name === 'synced_at' ? ' not null' : ''}`;
}
