import { listConnections } from '../destination/connections/connections';
import { noteFailure } from '../destination/derived/derivedState';
import { ensureDerived } from '../destination/derived/ensureDerived';
import { resolve } from '../destination/derived/references/resolve';
import { recompute } from '../destination/derived/rollups/recompute';
import { tableFits } from '../destination/rows/tables';
import { ensureEntityTable } from '../destination/runs/entityTable';
import type { Connector } from '../schema/definition/connector';
import { messageOf } from '../schema/errors';
import type { ActivityDeps } from './deps';

type DeriveDeps = Pick<ActivityDeps, 'db' | 'connectors' | 'log'>;

/**
 * Computes what is derived from rows and marked: references, then the roll-ups that may read them. What cannot be done stays marked, and is logged; the others are computed.
 * `budgetMs`: how long it takes at most, by and large; the next sweep goes on.
 */
export async function derive({ db, connectors, log }: DeriveDeps, budgetMs: number): Promise<void> {
  const until = Date.now() + budgetMs;
  for (const connector of connectors.values()) {
    try {
      if (!(await prepared(db, connector))) continue;
      for (const reference of connector.references) {
        const { blocked } = await resolve(db, reference, () => Date.now() >= until);
        if (blocked.length > 0)
          log.warn(
            { table: reference.table, connections: blocked },
            'rows are held by another transaction: their references wait',
          );
      }
      for (const rollup of connector.rollups) {
        const { failed } = await recompute(db, rollup, () => Date.now() >= until);
        if (failed > 0) log.warn({ rollup: rollup.table, days: failed }, 'days of a roll-up could not be computed');
      }
    } catch (err) {
      log.warn({ err, connector: connector.name }, 'what is derived from the rows of a connector was not computed');
      await noteFailure(db, connector, messageOf(err));
    }
  }
}

/** Makes what is derived, and the tables that it reads. A connector without a connection needs none of them. */
async function prepared(db: DeriveDeps['db'], connector: Connector): Promise<boolean> {
  const { references, rollups } = connector;
  if (references.length + rollups.length === 0) return false;
  if ((await listConnections(db, { connector: connector.name })).length === 0) return false;
  const needed = new Set([
    ...references.flatMap(({ entity, toEntity }) => [entity, toEntity]),
    ...rollups.flatMap(({ inputs }) => inputs.map(({ entity }) => entity)),
  ]);
  for (const entity of connector.entities.values()) {
    if (needed.has(entity.name) && !(await tableFits(db, entity)))
      await ensureEntityTable(db, { connector: connector.name, entity });
  }
  await ensureDerived(db, connector);
  return true;
}
