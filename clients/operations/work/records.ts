import { blockOf } from '../../../destination/budget/budget';
import { readRow } from '../../../destination/rows/queries/readRow';
import { TidemarkError } from '../../../schema/errors';
import { parseExactly } from '../../../schema/json/exactJson';
import { startWorkflow } from '../../temporal/start';
import { singleRecord } from '../../temporal/workflows';
import type { OperationContext } from '../definition/context';
import { startContext } from './runs/runs';
import { type StartedIds, startedIds } from './runs/started';
import { findTarget, type TargetInput } from './targets';

/** Shorter waits are waited for. */
const worthWaitingMs = 45_000;

/** Throws TidemarkError 'NotFound', and 'SourceAsksToWait' while the source has said wait: the fetch would hang until then. */
export async function fetchRecord(
  context: OperationContext,
  { id, ...named }: TargetInput & { readonly id: string },
): Promise<StartedIds> {
  const { target, entity } = await findTarget(context, named);
  const block = await blockOf(context.db, target.connectionId);
  if (block !== undefined && block.until.getTime() - Date.now() > worthWaitingMs) {
    throw new TidemarkError(
      'SourceAsksToWait',
      `The source of '${target.connectionId}' said wait until ${block.until.toISOString()} (${block.because}): nothing was fetched. If it works again, use 'tidemark resume ${target.connectionId}'`,
    );
  }
  return startedIds(await startWorkflow(await startContext(context), singleRecord(entity), { ...target, id }));
}

/**
 * A row with the engine's columns; numbers of `raw` that a double does not hold exactly come as text of their digits.
 * Throws TidemarkError 'NotFound'.
 */
export async function showRow(
  context: OperationContext,
  { id, ...named }: TargetInput & { readonly id: string },
): Promise<{ readonly row: Row }> {
  const { entity } = await findTarget(context, named);
  const row = await readRow(context.db, entity, named.connection, id);
  if (row !== undefined) {
    const raw = typeof row.raw === 'string' ? { raw: parseExactly(row.raw, 'keep') } : {};
    return { row: { ...row, ...raw } as Row };
  }
  throw new TidemarkError(
    'NotFound',
    `Table ${entity.table} has no row ${JSON.stringify(id)} of connection ${named.connection}: 'tidemark record' (POST /api/record) fetches it from the source`,
  );
}

interface Row extends Readonly<Record<string, unknown>> {
  readonly connection_id: string;
  readonly external_id: string;
}
