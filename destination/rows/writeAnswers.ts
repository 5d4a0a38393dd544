import type { Knex } from 'knex';
import { type Answers, addCounts, type Counts, noCounts, type SetAsideAnswer } from '../../schema/answer';
import { withRetry } from '../database/destinationError';
import { queryIds } from '../database/query';
import { clearSetAside, setAside } from '../setAside/setAside';
import { raiseDisputes } from './disputes';
import { eachThatFits, mayBeAboutARow, refusedRecord } from './eachThatFits';
import { withoutForgotten } from './forgotten';
import { type EncodedAnswers, type EncodedRows, eachRow, encodeAnswers, rawOf } from './format/encodedRows';
import { type ListedKeys, withoutDuplicates } from './keys/listedKeys';
import { renameRows } from './keys/renameRows';
import { lockEntity } from './lockEntity';
import { markSkipped, type Skip, skippedAmong, skipsIn } from './markSkipped';
import { withoutOutranked } from './outrankedBySkip';
import { composeRelated } from './related/composeRelated';
import { idleCounts, roundsOf, saidGone, saidOf, sameRow } from './rounds';
import { type SoftDeleteResult, softDelete, type TimedGone } from './softDelete';
import { tableFits } from './tables';
import { type UpsertResult, upsertRows } from './upsertRows';
import type { WriteContext } from './writeContext';

export interface WriteOptions {
  readonly runId: string | null;
  /** For absence from a scan, see `TimedGone.receivedBefore`; milliseconds in PostgreSQL's time. */
  readonly receivedBefore?: number;
  /** the keys that the run has listed, for entities that declare what duplicates are, see `listedKeysTable` */
  readonly listedKeys?: ListedKeys | undefined;
  /** a guess: no row is there yet for most of the records, see `upsertRows` */
  readonly mostlyNew?: boolean;
  /**
   * What must be committed with the rows: the resume point under its fence, the inbox events that they answer.
   * Throwing takes the whole batch back.
   */
  readonly alongside?: (trx: Knex.Transaction, written: WriteResult) => Promise<void>;
}

export interface WriteResult {
  readonly counts: Counts;
  /** ids whose row is disputed now: to be asked again after the read lag */
  readonly disputed: readonly string[];
  /** ids that were soft-deleted */
  readonly deleted: readonly string[];
  /** ids of records that PostgreSQL refused, with its words: they are set aside */
  readonly refusedRows: ReadonlyMap<string, string>;
}

/**
 * Writes what requests said, in one transaction: rows under the merge rule, soft deletes, set-aside records, and whatever
 * must be committed with them. One bad record does not stop the others: a batch that PostgreSQL refuses is written again,
 * split until the culprits stand alone, and those are set aside. Answers may come with their rows encoded already.
 */
export async function writeAnswers(
  db: Knex,
  context: WriteContext,
  requests: readonly (Answers | EncodedAnswers)[],
  options: WriteOptions,
): Promise<WriteResult> {
  const { entity } = context;
  const { mostlyNew = false } = options;
  const encoded = (answers: Answers | EncodedAnswers) => ('rows' in answers ? answers : encodeAnswers(entity, answers));
  const prepared = entity.related === undefined ? requests.map(encoded) : [];
  const write = (oneByOne: boolean) =>
    withRetry(() =>
      db.transaction(async (trx) => {
        const { anySetAside, anyForgotten } = await lockEntity(trx, context);
        const composed =
          entity.related === undefined
            ? undefined
            : await composeRelated(trx, context, unencoded(requests), options.runId);
        const all = composed?.answers.map(encoded) ?? prepared;
        const { answers: known, left } = anyForgotten
          ? await withoutForgotten(trx, context, all)
          : { answers: all, left: noCounts };
        const { answers: unique, duplicates } =
          options.listedKeys === undefined
            ? { answers: known, duplicates: 0 }
            : await withoutDuplicates(trx, entity, options.listedKeys, known);
        const { answers, refused } = anySetAside
          ? await withoutOutranked(trx, context, unique)
          : { answers: unique, refused: 0 };
        const shown = answers.map(({ rows }) => rows);
        const { rekeyed, ambiguous } = await renameRows(trx, context, shown);
        const { live, conflicts } = without(shown, ambiguous);
        const gone = answers.flatMap(({ sent, received, gone }) =>
          gone.map((answer) => ({ answer, sent, received, receivedBefore: options.receivedBefore })),
        );
        const unreadable = answers.flatMap(({ sent, received, setAside }) =>
          setAside.map((one) => (one.reason === 'skipped' ? { ...one, asked: { sent, received } } : one)),
        );
        const written = await writeInRounds(trx, context, { live, gone, oneByOne, mostlyNew });
        const marked = await markSkipped(trx, context, await countingSkips(trx, unreadable, options.listedKeys));
        const own = composed?.setAside ?? [];
        const counting = unreadable.filter(({ id, asked }) => asked === undefined || !marked.outranked.has(id ?? ''));
        const setAsideNow = [...withoutIds(own, counting), ...counting, ...conflicts, ...written.setAside];
        const target = { connectionId: context.connectionId, entity: entity.name };
        if (anySetAside) {
          const failed = new Set(setAsideNow.map(({ id }) => id));
          const said = [
            ...live.flatMap(({ ids }) => ids),
            ...gone.map(({ answer }) => answer.id),
            ...(composed?.broughtBack ?? []),
          ];
          const succeeded = said.filter((id) => !failed.has(id));
          const leftOut = await skippedAmong(trx, context.connectionId, entity, succeeded);
          await clearSetAside(
            trx,
            target,
            succeeded.filter((id) => !leftOut.has(id)),
          );
        }
        if (setAsideNow.length > 0) await setAside(trx, target, options.runId, setAsideNow);
        const skipped = setAsideNow.filter(({ reason }) => reason === 'skipped').length;
        const aside = { ...noCounts, skipped, errors: setAsideNow.length - skipped, duplicates, rekeyed };
        aside.refused += refused + unreadable.length - counting.length;
        const counts = addCounts(addCounts(written.counts, aside), addCounts(left, composed?.counts ?? noCounts));
        const refusedRows = new Map(written.setAside.map(({ id, detail }) => [id ?? '', detail]));
        const disputed = [...new Set([...(composed?.disputed ?? []), ...written.disputed, ...marked.disputed])];
        const result = { counts, disputed, deleted: written.deleted, refusedRows };
        await options.alongside?.(trx, result);
        return result;
      }),
    );
  try {
    return await write(false);
  } catch (error) {
    // the transaction is gone; a savepoint before each statement would have saved it, for two round trips a batch
    // a table that was dropped, or lacks a column, is not about a row
    if (!mayBeAboutARow(error) || !(await tableFits(db, entity))) throw error;
    return write(true);
  }
}

/** The rows without those that fit several, which are set aside. */
function without(
  parts: readonly EncodedRows[],
  ambiguous: ReadonlyMap<string, string>,
): { live: readonly EncodedRows[]; conflicts: SetAsideAnswer[] } {
  if (ambiguous.size === 0) return { live: parts, conflicts: [] };
  const conflicts: SetAsideAnswer[] = [];
  const live = parts.flatMap(eachRow).filter((row) => {
    const [id = ''] = row.ids;
    const detail = ambiguous.get(id);
    if (detail !== undefined) conflicts.push({ id, reason: 'conflict', detail, raw: rawOf(row) });
    return detail === undefined;
  });
  return { live, conflicts };
}

/** Of an entity that declares what duplicates are, a record that is left out says nothing of a row that another with its key has made in this run. */
async function countingSkips(
  trx: Knex.Transaction,
  unreadable: readonly SetAsideAnswer[],
  listedKeys: ListedKeys | undefined,
): Promise<readonly Skip[]> {
  const skips = skipsIn(unreadable);
  if (listedKeys === undefined || skips.length === 0) return skips;
  const ids = skips.map(({ id }) => id);
  const listed = new Set(
    await queryIds(trx, `select external_id as id from ${listedKeys.table} where external_id = any(?::text[])`, [ids]),
  );
  return skips.filter(({ id }) => !listed.has(id));
}

function withoutIds(answers: readonly SetAsideAnswer[], others: readonly SetAsideAnswer[]): readonly SetAsideAnswer[] {
  if (answers.length === 0) return answers;
  const known = new Set(others.map(({ id }) => id));
  return answers.filter(({ id }) => !known.has(id));
}

/** Rows of an entity with related records are made under the lock, so their answers come as they were read. */
function unencoded(requests: readonly (Answers | EncodedAnswers)[]): Answers[] {
  return requests.map((answers) => {
    if ('rows' in answers) throw new RangeError('rows with related records are made by the writer');
    return answers;
  });
}

interface Written {
  counts: Counts;
  disputed: string[];
  deleted: string[];
  setAside: SetAsideAnswer[];
}

interface Batch {
  readonly live: readonly EncodedRows[];
  readonly gone: readonly TimedGone[];
  /** PostgreSQL has refused the batch: split it until the culprits stand alone */
  readonly oneByOne: boolean;
  readonly mostlyNew: boolean;
}

/**
 * An id that comes several times is written several times, one after another, so that the merge rule judges each pair; of what one
 * response says of it again and again, only what decides.
 */
async function writeInRounds(
  trx: Knex.Transaction,
  context: WriteContext,
  { live, gone, oneByOne, mostlyNew }: Batch,
): Promise<Written> {
  const { entity } = context;
  const written: Written = { counts: { ...noCounts }, disputed: [], deleted: [], setAside: [] };
  const upsert = (rows: readonly EncodedRows[]) => upsertRows(trx, context, rows, mostlyNew);
  const shown = roundsOf(live, ({ ids }) => ids, { each: eachRow, said: saidOf(entity), same: sameRow });
  note(written, { counts: idleCounts(entity, shown), disputed: [] });
  for (const round of shown.rounds) {
    if (!oneByOne) note(written, await upsert(round));
    else {
      await eachThatFits(trx, round.flatMap(eachRow), {
        write: upsert,
        landed: (result) => note(written, result),
        refused: (row, error) => written.setAside.push(refusedRecord(row.ids[0] ?? null, rawOf(row), error)),
      });
    }
  }
  const contradicted = await raiseDisputes(trx, context, shown.contradicted);
  note(written, { counts: { ...noCounts, disputed: contradicted.length }, disputed: contradicted });
  const remove = (part: readonly TimedGone[]) => softDelete(trx, context, part);
  const deleted = roundsOf(gone, ({ answer }) => [answer.id], {
    each: (one) => [one],
    said: saidGone(entity),
    same: () => true,
  });
  written.counts.unchanged += deleted.repeated;
  written.counts.refused += deleted.outranked;
  for (const round of deleted.rounds) {
    if (!oneByOne) noteDeleted(written, await remove(round));
    else {
      await eachThatFits(trx, round, {
        write: remove,
        landed: (result) => noteDeleted(written, result),
        refused: ({ answer }, error) => written.setAside.push(refusedRecord(answer.id, null, error, 'deletion')),
      });
    }
  }
  return written;
}

function note(written: Written, result: UpsertResult): void {
  written.counts = addCounts(written.counts, { ...noCounts, ...result.counts });
  written.disputed.push(...result.disputed);
}

function noteDeleted(written: Written, { deleted, unchanged, refused, disputed, ...ids }: SoftDeleteResult): void {
  written.counts = addCounts(written.counts, { ...noCounts, deleted, unchanged, refused, disputed });
  written.disputed.push(...ids.disputedIds);
  written.deleted.push(...ids.deletedIds);
}
