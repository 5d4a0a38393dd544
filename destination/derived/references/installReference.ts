import type { Knex } from 'knex';
import type { Reference } from '../../../schema/definition/references';
import { query } from '../../database/query';
import { referenceName } from './keys';

/** Has every row of a reference found again if its definition has changed, or is new. The column itself is made with the table. */
export async function installReference(db: Knex, reference: Reference): Promise<void> {
  const name = referenceName(reference);
  const version = JSON.stringify(reference);
  const [known] = await query<{ version: string | null }>(
    db,
    'select version from tidemark.reference_columns where reference = ?',
    [name],
  );
  if (known?.version === version) return;
  await db.transaction(async (trx) => {
    await trx.raw(
      `insert into tidemark.reference_columns (reference, connector, version) values (?, ?, ?)
       on conflict (reference) do update set connector = excluded.connector, version = excluded.version`,
      [name, reference.connector, version],
    );
    await markAllRows(trx, reference);
  });
}

/** Has the reference of every row found again. */
export async function markAllRows(trx: Knex, reference: Reference): Promise<void> {
  await trx.raw('insert into tidemark.reference_marks (reference) values (?)', [referenceName(reference)]);
}

/** Of a reference that is no longer declared, the column stays. */
export async function dropUndeclaredReferences(
  db: Knex,
  connector: string,
  references: readonly Reference[],
): Promise<void> {
  await db.raw(
    /* sql */ `
    with undeclared as (
      update tidemark.reference_columns set version = null
      where connector = ? and version is not null and reference <> all(cast(? as text[])) returning reference
    )
    delete from tidemark.reference_marks m using undeclared u where m.reference = u.reference`,
    [connector, references.map(referenceName)],
  );
}
