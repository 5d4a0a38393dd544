import type { Knex } from 'knex';
import { dropOwedRecords, postponeOwed } from '../../destination/owed/owed';
import { knownRows } from '../../destination/rows/related/knownRows';
import { writeAnswers } from '../../destination/rows/writeAnswers';
import { addCounts, type Counts, noCounts } from '../../schema/answer';
import type { ActivityDeps } from '../deps';
import { type OpenTarget, writeContext } from '../openTarget';
import { fetchRecords } from './fetchRecords';
import { readRelated } from './related';

export interface FetchedOwed {
  readonly counts: Counts;
  readonly fetches: number;
}

export interface OwedOptions {
  readonly runId: string | null;
  readonly writtenBy: string;
  readonly signal: AbortSignal;
  /** what must be committed with the rows; `records`: how many were read */
  readonly alongside?: (trx: Knex.Transaction, counts: Counts, records: number) => Promise<void>;
}

/**
 * Reads the related records of these records again. Of a record with a row nothing else is requested; one without is fetched by id with them.
 * What a deleted row is owed is dropped: a record that appears again is read with its related records.
 */
export async function fetchOwed(
  deps: ActivityDeps,
  open: OpenTarget,
  ids: readonly string[],
  { runId, writtenBy, signal, alongside }: OwedOptions,
): Promise<FetchedOwed> {
  const { target, entity } = open;
  const known = await knownRows(deps.db, target.connectionId, entity, ids);
  const withRow = ids.filter((id) => known.get(id) === 'live');
  const missing = ids.filter((id) => !known.has(id));
  await dropOwedRecords(
    deps.db,
    target,
    ids.filter((id) => known.get(id) === 'deleted'),
  );
  let total: FetchedOwed = { counts: { ...noCounts }, fetches: 0 };
  if (withRow.length > 0) {
    const sent = deps.clock.sent();
    const { read } = await readRelated(deps, open, withRow, signal);
    const parts = [...read].map(([id, { part }]) => ({ id, related: part }));
    const answers = { sent, received: deps.clock.received(), live: [], gone: [], setAside: [], related: parts };
    const { counts } = await writeAnswers(deps.db, writeContext(open, writtenBy, true), [answers], {
      runId,
      alongside: async (trx, written) => {
        await postponeOwed(trx, target, withRow);
        await alongside?.(trx, written.counts, withRow.length);
      },
    });
    deps.metrics.rows(target, counts);
    total = { counts, fetches: withRow.length };
  }
  if (missing.length > 0) {
    const fetched = await fetchRecords(deps, open, missing, {
      ...{ runId, writtenBy, signal },
      alongside: async (trx, written) => {
        await postponeOwed(trx, target, missing);
        await alongside?.(trx, written.counts, missing.length);
      },
    });
    total = { counts: addCounts(total.counts, fetched.counts), fetches: total.fetches + fetched.fetches };
  }
  return total;
}
