import type { Knex } from 'knex';
import type { StepSum } from '../../destination/runs/runParts';
import { getRun, type Run } from '../../destination/runs/runs';
import { TidemarkError } from '../../schema/errors';
import type { RunStrategy, Target } from '../../schema/workflows';

/**
 * The run that an activity's caller names, as the database knows it. Anybody who reaches Temporal can start a workflow with any
 * input, so what a run may do is decided by its row, never by the caller.
 * Throws NotFound for an unknown run, and Usage for one of another connection, entity or strategy.
 */
export async function ownRun(
  db: Knex,
  { runId, connectionId, entity }: Target & { readonly runId: string },
  strategies: readonly RunStrategy[],
): Promise<Run> {
  const run = await getRun(db, runId);
  if (run.connectionId !== connectionId || run.entity !== entity || !strategies.includes(run.strategy)) {
    throw refused(
      run,
      `is a ${run.strategy} of ${run.connectionId}/${run.entity}: it cannot do the work of a ${strategies.join(' or ')} of ${connectionId}/${entity}`,
    );
  }
  return run;
}

/** Throws Usage for a partition that the connection does not have: what it holds would count as part of the whole. */
export function assertPartition(run: Run, partition: string, partitions: readonly string[]): void {
  if (!partitions.includes(partition)) throw refused(run, `has no partition ${JSON.stringify(partition)}`);
}

/** Throws ContractBroken where a connection has no partitions: an empty list is no evidence of anything. */
export function assertAnyPartition({ connectionId, entity }: Run, partitions: readonly string[]): void {
  if (partitions.length > 0) return;
  throw new TidemarkError(
    'ContractBroken',
    `${connectionId}/${entity} has no partitions: its definition returns an empty list for this connection. Nothing was read, and nothing is concluded. ` +
      'Check the settings that `partitions` reads',
  );
}

/** Throws Usage unless every partition of the connection was read to its end: only then may anything be concluded from a listing. */
export function assertComplete(run: Run, { parts, done }: StepSum, partitions: readonly string[]): void {
  assertAnyPartition(run, partitions);
  if (done && parts === partitions.length) return;
  throw refused(
    run,
    `has not read each of its ${partitions.length} partitions to the end; nothing may be concluded from it`,
  );
}

/** Throws Usage where the caller says another listing, or another kind of run, than the run was claimed for. */
export function assertAsClaimed(run: Run, asClaimed: boolean, what: string): void {
  if (!asClaimed) throw refused(run, `was not claimed for ${what}`);
}

function refused(run: Run, why: string): TidemarkError {
  return new TidemarkError('Usage', `Run ${run.id} ${why}. Start runs with \`tidemark\`, not by hand in Temporal`);
}
