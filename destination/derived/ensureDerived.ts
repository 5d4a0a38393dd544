import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import type { Connector, ConnectorEntity } from '../../schema/definition/connector';
import type { Rollup } from '../../schema/definition/rollups';
import { quote } from '../database/identifiers';
import { ensureTriggers } from './marks/ensureTriggers';
import { dropUndeclaredReferences, installReference, markAllRows } from './references/installReference';
import { keyIndexes } from './references/keys';
import { referredMarking, referringMarking } from './references/referenceMarking';
import { installRollup, markAll } from './rollups/installRollup';
import { rollupMarking } from './rollups/rollupMarking';

/**
 * Makes tables and triggers of everything that a connector derives from its rows agree with its definition. Their input tables must exist.
 * Throws as `installRollup`.
 */
export async function ensureDerived(db: Knex, connector: Connector): Promise<void> {
  const { references } = connector;
  for (const rollup of connector.rollups) await installRollup(db, rollup);
  for (const reference of references) await installReference(db, reference);
  for (const entity of connector.entities.values()) {
    const inputs = connector.rollups.flatMap((rollup) =>
      rollup.inputs.flatMap((input) => (input.entity === entity.name ? [{ rollup, input }] : [])),
    );
    const referring = references.filter((reference) => reference.entity === entity.name);
    const referred = references.filter((reference) => reference.toEntity === entity.name);
    const markings = [
      ...inputs.map(({ rollup, input }) => rollupMarking(rollup, input)),
      ...referring.map(referringMarking),
      ...referred.map(referredMarking),
    ];
    const days = [...new Set(inputs.flatMap(({ input }) => (input.days ?? []).map(({ name }) => name)))].map((column) =>
      dayIndex(entity, column),
    );
    const keys = [
      ...referring.flatMap((reference) => keyIndexes(reference, 'mine')),
      ...referred.flatMap((reference) => keyIndexes(reference, 'theirs')),
    ];
    const indexes = [...new Set([...days, ...keys])];
    await ensureTriggers(db, { table: entity.table, markings, indexes }, async (trx) => {
      for (const { rollup } of inputs) await markAll(trx, rollup.table);
      for (const reference of [...referring, ...referred]) await markAllRows(trx, reference);
    });
  }
  await dropUndeclared(db, connector.name, connector.rollups);
  await dropUndeclaredReferences(db, connector.name, references);
}

/** Finds the rows of a day. */
function dayIndex({ table }: ConnectorEntity, column: string): string {
  const name = `${table}_${createHash('sha256').update(`day ${column}`).digest('hex').slice(0, 8)}`;
  return `create index if not exists ${quote(name)} on public.${quote(table)} (connection_id, ${quote(column)})`;
}

/** Of a roll-up that is no longer declared, the table stays. If it is declared again, it is computed from the beginning. */
async function dropUndeclared(db: Knex, connector: string, rollups: readonly Rollup[]): Promise<void> {
  await db.raw(
    /* sql */ `
    with undeclared as (
      update tidemark.rollups set version = null
      where connector = ? and version is not null and rollup <> all(cast(? as text[])) returning rollup
    )
    delete from tidemark.rollup_marks m using undeclared u where m.rollup = u.rollup`,
    [connector, rollups.map(({ table }) => table)],
  );
}
