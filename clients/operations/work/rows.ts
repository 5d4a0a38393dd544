import { type AlikeRows, alikeRows } from '../../../destination/readModels/alikeRows';
import { type Walk, walksSince } from '../../../destination/readModels/walks';
import { type WrittenHour, writtenPerHour } from '../../../destination/readModels/writtenPerHour';
import { tableExists } from '../../../destination/rows/tables';
import { TidemarkError } from '../../../schema/errors';
import type { Target } from '../../../schema/workflows';
import type { OperationContext } from '../definition/context';
import { findTarget, type KnownTarget, type TargetInput } from './targets';

type Context = Pick<OperationContext, 'db' | 'connectors'>;

/** A stretch of this many neighbours is no accident: of 30,000 rows, 3,000 that changed at random have about four in a row. */
const longStretch = 50;
const dayMs = 24 * 3_600_000;

/** Throws TidemarkError 'NotFound'. */
export async function showHours(
  context: Context,
  { hours, ...named }: TargetInput & { readonly hours: number },
): Promise<Target & { readonly hours: readonly WrittenHour[] }> {
  const { target, entity } = await withTable(context, named);
  return { ...target, hours: await writtenPerHour(context.db, entity, target.connectionId, hours) };
}

interface JudgedWalk extends Walk {
  readonly suspicious: boolean;
}

/** Throws TidemarkError 'NotFound'. */
export async function showWalks(
  context: Context,
  { since, limit, ...named }: TargetInput & { readonly since: Date | undefined; readonly limit: number },
): Promise<Target & { readonly since: Date; readonly suspicious: number; readonly walks: readonly JudgedWalk[] }> {
  const { target, entity } = await withTable(context, named);
  const from = since ?? new Date(Date.now() - dayMs);
  const found = await walksSince(context.db, { entity, connectionId: target.connectionId }, from, limit);
  const walks = found.map((walk) => ({
    ...walk,
    suspicious: walk.run?.readsMore === false && walk.neighbours >= longStretch,
  }));
  return { ...target, since: from, suspicious: walks.filter(({ suspicious }) => suspicious).length, walks };
}

export interface DuplicatesShown extends Target {
  readonly table: string;
  readonly columns: readonly string[];
  readonly compared: number;
  readonly values: number;
  readonly duplicates: readonly AlikeRows[];
}

/** Throws TidemarkError 'NotFound', and 'Usage' for a table or a column that does not exist, or where no columns are named. */
export async function showDuplicates(
  context: Context,
  {
    columns: named,
    table,
    id = 'external_id',
    limit,
    ...which
  }: TargetInput & {
    readonly columns: string | undefined;
    readonly table: string | undefined;
    readonly id: string | undefined;
    readonly limit: number;
  },
): Promise<DuplicatesShown> {
  const { target, entity } = await withTable(context, which);
  const columns = named === undefined ? entity.alikeBy : [...new Set(named.split(',').map((column) => column.trim()))];
  if (columns === undefined) {
    throw new TidemarkError(
      'Usage',
      `Entity ${entity.name} does not say by which columns rows are alike: name them with --columns, or in its definition with \`alikeBy\``,
    );
  }
  const where = {
    table: table ?? `public.${entity.table}`,
    connection: { column: 'connection_id', id: target.connectionId },
    ...{ id, columns },
  };
  const { groups, ...counts } = await alikeRows(context.db, where, limit);
  return { ...target, table: where.table, columns, ...counts, duplicates: groups };
}

async function withTable(context: Context, named: TargetInput): Promise<KnownTarget> {
  const known = await findTarget(context, named);
  if (await tableExists(context.db, known.entity)) return known;
  const { connectionId, entity } = known.target;
  throw new TidemarkError(
    'NotFound',
    `Table ${known.entity.table} does not exist yet: 'tidemark sync ${connectionId} ${entity}' makes it`,
  );
}
