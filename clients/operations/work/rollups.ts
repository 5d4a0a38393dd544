import { getConnection, listConnections } from '../../../destination/connections/connections';
import { figuresOf } from '../../../destination/derived/rollups/figures';
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
  const rollup = await rollupNamed(context, named);
  if (connection !== null) await getConnection(context.db, connection);
  await rebuildRollup(context.db, rollup, connection, by);
  return { rollup: rollup.table, connectionId: connection };
}

export interface AskedFigures {
  readonly rollup: string;
  readonly connection?: string | null | undefined;
  readonly from?: string | null | undefined;
  readonly to?: string | null | undefined;
  readonly limit: number;
}

/** The figures of days, the newest first. Throws TidemarkError 'NotFound' like `rebuild`, 'Usage' for days that there are not. */
export async function showFigures(context: Context, { rollup: named, connection, limit, ...range }: AskedFigures) {
  const [from, to] = [dayIn(range.from, 'from'), dayIn(range.to, 'to')];
  const { table } = await rollupNamed(context, named);
  if (connection != null) await getConnection(context.db, connection);
  const [facts] = await rollupFacts(context.db, [table]);
  const rows = await figuresOf(context.db, table, { connectionId: connection ?? null, from, to, limit: limit + 1 });
  return {
    rollup: table,
    pending: facts?.pending ?? 0,
    computedAt: facts?.computedAt ?? null,
    figures: rows.slice(0, limit),
    more: rows.length > limit,
  };
}

function dayIn(text: string | null | undefined, name: string): string | null {
  if (text == null) return null;
  const at = new Date(`${text}T00:00:00Z`);
  if (Number.isNaN(at.getTime()) || at.toISOString().slice(0, 10) !== text)
    throw new TidemarkError('Usage', `${name}: there is no day ${text}`);
  return text;
}

/** Throws TidemarkError 'NotFound'. */
async function rollupNamed(context: Context, named: string): Promise<Rollup> {
  const declared = await declaredRollups(context);
  const rollup = declared.find(({ table }) => table === named);
  if (rollup !== undefined) return rollup;
  const known = declared.map(({ table }) => table);
  throw new TidemarkError(
    'NotFound',
    `There is no roll-up ${JSON.stringify(named)}. ${known.length === 0 ? 'No connector of a connection declares one.' : meantOrKnown(named, known, 'The connectors of connections declare')}`,
  );
}

/** Of connectors that a connection uses: for others, no table is made. */
async function declaredRollups({ db, connectors }: Context): Promise<Rollup[]> {
  const used = new Set((await listConnections(db)).map(({ connector }) => connector));
  return (await connectors()).flatMap(({ name, rollups }) => (used.has(name) ? [...rollups] : []));
}
