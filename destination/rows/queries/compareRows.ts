import type { Knex } from 'knex';
import type { LiveAnswer } from '../../../schema/answer';
import type { RowBeside } from '../../../schema/definition/checks';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import type { Target } from '../../../schema/workflows';
import { quote } from '../../database/identifiers';
import { userEditsSql } from '../edits/userEdits';
import { incomingExcludedSql } from '../exclusion/excludedSql';
import { updatedAt } from '../format/encodedRows';
import { exactRow, withExactNumbers } from '../format/exactInJson';
import { contentColumns, tableName } from '../format/rowFormat';

/** How the row of one record compares with what the source says of it. */
export interface ComparedRow {
  readonly id: string;
  readonly row: RowBeside;
  /** columns in which they differ */
  readonly columns: readonly string[];
  /** when the answer that the row holds was received; null where there is no row */
  readonly receivedAt: Date | null;
}

/**
 * Compares live answers with their rows, column by column and as PostgreSQL would store them, in one statement that writes
 * nothing. Under the conflict policy `skip` the columns are the user's, so only presence is compared. A record that a row of another table
 * excludes has no live row. Throws what PostgreSQL
 * says of a value that it cannot take.
 */
export async function compareRows(
  db: Knex,
  { connectionId }: Target,
  entity: ConnectorEntity,
  answers: readonly LiveAnswer[],
): Promise<ComparedRow[]> {
  if (answers.length === 0) return [];
  const compared = entity.conflict === 'update' ? contentColumns(entity).map(({ name }) => name) : [];
  const differing = compared.map(
    (name, at) => `case when n.${quote(name)} is distinct from c.${quote(name)} then ${at} end`,
  );
  const { rows } = await db.raw(
    /* sql */ `
    select n._id as id, c._received_at as "receivedAt", n._updated is distinct from c.source_updated_at as touched,
      case when x.excluded and c.external_id is not null and c.deleted_at is null and not ${await userEditsSql(db, entity, 'c')} then 'excluded' when x.excluded then 'none'
        when c.external_id is null then 'missing' when c.deleted_at is not null then 'deleted' else 'live' end as state,
      array_remove(array[${differing.join(', ')}]::int[], null) as columns
    from jsonb_to_recordset(?::jsonb) as n(_id text collate "C", _updated timestamptz${contentColumns(entity)
      .map(({ name, type }) => `, ${quote(name)} ${type}`)
      .join('')})
    cross join (select ?::text collate "C" as connection_id) s
    left join ${tableName(entity)} c on c.connection_id = s.connection_id and c.external_id = n._id
    cross join lateral (select ${incomingExcludedSql(entity, 's.connection_id')} as excluded offset 0) x`,
    [
      withExactNumbers(
        JSON.stringify(
          answers.map((answer) => ({
            ...exactRow(entity, answer),
            _id: answer.id,
            _updated: updatedAt(entity, answer),
          })),
        ),
      ),
      connectionId,
    ],
  );
  return rows.map(({ id, state, columns, touched, receivedAt }: Compared) => {
    // it has no live row, as it should, or one that a user has edited
    if (state === 'none') return { id, row: 'equal', columns: [], receivedAt };
    if (state !== 'live') return { id, row: state, columns: [], receivedAt };
    const names = [
      ...columns.map((at) => compared[at]),
      ...(touched && entity.conflict === 'update' ? ['source_updated_at'] : []),
    ];
    return { id, row: names.length === 0 ? 'equal' : 'differs', columns: names, receivedAt };
  });
}

interface Compared {
  readonly id: string;
  readonly state: 'missing' | 'deleted' | 'excluded' | 'none' | 'live';
  /** positions among the columns that were compared */
  readonly columns: readonly number[];
  readonly touched: boolean;
  readonly receivedAt: Date | null;
}
