import type { Knex } from 'knex';
import { type Counts, type LiveAnswer, noCounts, type SetAsideAnswer } from '../../schema/answer';
import { withRetry } from '../database/destinationError';
import { eachThatFits, refusedRecord } from '../rows/eachThatFits';
import { lockEntity } from '../rows/lockEntity';
import { setAside } from '../setAside/setAside';
import { type LineError, noteErrors, shortContent } from './importErrors';
import { type LinesContext, type LinesWritten, writeLines } from './writeLines';

/** A line that says what a row is. */
export interface ImportedLine {
  readonly line: number;
  readonly answer: LiveAnswer;
  /** as the file has it */
  readonly content: string;
}

export interface ImportBatch {
  readonly rows: readonly ImportedLine[];
  readonly bad: readonly LineError[];
  /** the keys that this run has read, see `listedKeysTable` */
  readonly keys: string;
  /** counts what would happen, and takes it back */
  readonly dryRun: boolean;
  /** what must be committed with the rows; throwing takes the batch back */
  readonly alongside: (trx: Knex.Transaction, counts: Counts) => Promise<void>;
}

/**
 * Writes some lines of a file in one transaction, under the entity's write lock, with their bad lines and whatever must be committed with
 * them. Of several lines with one key the last one counts, in this batch and over the run; the others count as duplicates. A line that
 * PostgreSQL refuses is a bad line, and the others land.
 */
export function importBatch(db: Knex, context: LinesContext, batch: ImportBatch): Promise<Counts> {
  const { connectionId, entity, importId, runId } = context;
  return withRetry(() =>
    db.transaction(async (trx) => {
      const { anyForgotten } = await lockEntity(trx, { connectionId, entity });
      const counts: Counts = { ...noCounts };
      const erased = anyForgotten ? await erasedSince(trx, context, batch.rows) : new Set<string>();
      const last = new Map<string, ImportedLine>();
      for (const row of batch.rows) {
        const { id } = row.answer;
        if (erased.has(id)) counts.refused += 1;
        else {
          if (last.has(id)) counts.duplicates += 1;
          last.set(id, row);
        }
      }
      const again = await claimKeys(trx, batch.keys, [...last.keys()]);
      counts.duplicates += again.size;
      const lines = [...last.values()];
      const bad = [...batch.bad];
      const write = async (rows: readonly ImportedLine[], landed: (written: LinesWritten) => void) =>
        eachThatFits(trx, rows, {
          write: (part) =>
            writeLines(
              trx,
              context,
              part.map(({ answer }) => answer),
            ),
          landed,
          refused: ({ line, answer, content }, error) =>
            bad.push({ line, problem: refusedRecord(answer.id, null, error, 'line').detail, content }),
        });
      if (batch.dryRun) await trx.raw('savepoint dry_run');
      await write(
        lines.filter(({ answer }) => !again.has(answer.id)),
        (written) => {
          for (const name of ['inserted', 'updated', 'unchanged', 'refused', 'skipped'] as const)
            counts[name] += written[name];
        },
      );
      if (batch.dryRun) await trx.raw('rollback to savepoint dry_run');
      else {
        const before = bad.length;
        await write(
          lines.filter(({ answer }) => again.has(answer.id)),
          () => undefined,
        );
        // it counts as bad, and no longer as a duplicate
        counts.duplicates -= bad.length - before;
      }
      counts.errors += bad.length;
      await noteErrors(trx, importId, bad);
      if (!batch.dryRun && bad.length > 0)
        await setAside(
          trx,
          { connectionId, entity: entity.name },
          runId,
          bad.map((error) => asideOf(importId, error)),
        );
      await batch.alongside(trx, counts);
      return counts;
    }),
  );
}

/** Without an id, so that it says nothing of any row; the import and the line make it an entry of its own. */
function asideOf(importId: string, { line, problem, content }: LineError): SetAsideAnswer {
  return {
    id: null,
    reason: 'invalid',
    detail: `line ${line} of import ${importId}: ${problem}`,
    raw: { import: importId, line, content: shortContent(content) },
  };
}

/** Notes keys as read by the run. Returns those that it had read before. */
async function claimKeys(trx: Knex.Transaction, table: string, ids: string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const { rows } = await trx.raw(
    /* sql */ `
    insert into ${table} as t (external_id, version) select id, '' from unnest(?::text[]) as u(id)
    on conflict (external_id) do update set version = excluded.version returning external_id as id, xmax <> 0 as again`,
    [ids],
  );
  return new Set((rows as { id: string; again: boolean }[]).flatMap(({ id, again }) => (again ? [id] : [])));
}

/** Ids that were erased after what the file says was true: it does not bring them back. */
async function erasedSince(
  trx: Knex.Transaction,
  { connectionId, entity, sent }: LinesContext,
  rows: readonly ImportedLine[],
): Promise<ReadonlySet<string>> {
  const { rows: found } = await trx.raw(
    `select external_id as id from tidemark.forgotten where connection_id = ? and entity = ? and external_id = any(?::text[]) and at >= ?`,
    [connectionId, entity.name, rows.map(({ answer }) => answer.id), new Date(sent)],
  );
  return new Set((found as { id: string }[]).map(({ id }) => id));
}
