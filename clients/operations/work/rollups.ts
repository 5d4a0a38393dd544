import { getConnection, listConnections } from '../../../destination/connections/connections';
import { type RollupFacts, rebuildRollup, rollupFacts } from '../../../destination/derived/rollups/rollupFacts';
import type { Rollup } from '../../../schema/definition/rollups';
import { TidemarkError } from '../../../schema/errors';
import { meantOrKnown } from '../../../schema/text/nearest';
import type { By, OperationContext } from '../definition/context';

type Context = Pick<OperationContext, 'db' | 'connectors'>;

export interface RollupShown extends RollupFacts {
  readonly connector: string;
  readonly name: string;
}

/** Every roll-up that the connector of a connection declares. */
export async function showRollups(context: Context): Promise<{ readonly rollups: readonly RollupShown[] }> {
  const declared = await declaredRollups(context);
  const facts = await rollupFacts(
    context.db,
    declared.map(({ table }) => table),
  );
  return {
    rollups: facts.flatMap((one) => {
      const rollup = declared.find(({ table }) => table === one.rollup);
      return rollup === undefined ? [] : [{ ...one, connector: rollup.connector, name: rollup.name }];
    }),
  };
}

/** Throws TidemarkError 'NotFound' for a roll-up or a connection that there is not. */
export async function rebuild(
  context: Context,
  { rollup: named, connection = null }: { readonly rollup: string; readonly connection?: string | null | undefined },
  by: By,
): Promise<{ readonly rollup: string; readonly connectionId: string | null }> {
  const declared = await declaredRollups(context);
  const rollup = declared.find(({ table }) => table === named);
  if (rollup === undefined) {
    const known = declared.map(({ table }) => table);
    throw new TidemarkError(
      'NotFound',
      `There is no roll-up ${JSON.stringify(named)}. ${known.length === 0 ? 'No connector of a connection declares one.' : meantOrKnown(named, known, 'The connectors of connections declare')}`,
    );
  }
  if (connection !== null) await getConnection(context.db, connection);
  await rebuildRollup(context.db, rollup, connection, by);
  return { rollup: rollup.table, connectionId: connection };
}

/** Of connectors that a connection uses: for others, no table is made. */
async function declaredRollups({ db, connectors }: Context): Promise<Rollup[]> {
  const used = new Set((await listConnections(db)).map(({ connector }) => connector));
  return (await connectors()).flatMap(({ name, rollups }) => (used.has(name) ? [...rollups] : []));
}
