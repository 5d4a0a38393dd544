import type { Knex } from 'knex';
import type { SetAsideAnswer } from '../../schema/answer';
import { TidemarkError } from '../../schema/errors';
import { codeOf } from '../database/errorCode';
import { wordsOf } from '../database/postgresWords';

/**
 * SQLSTATEs that a single row cannot cause: connection and login, transaction state, contention, resources, time-outs, a
 * broken disk. Anything else may come from a trigger, a policy or a constraint of the user's, which may raise what it likes.
 */
const neverAboutARow = /^(08|25|26|28|2D|3B|3D|3F|40|53|55|57|58|F0|HV|XX00[12])/;

/** Classes that are about values: 22 data exception, 23 constraint, 44 view, 54 too large, P0 raised by a trigger. */
const aboutValues = /^(22|23|44|54|P0)/;

/** From this many rows on, all refused for the same reason other than their own data, the table itself is what refuses. */
const tableRefusesFrom = 10;

/** Whether a batch that PostgreSQL refused so is worth being written row by row. */
export function mayBeAboutARow(error: unknown): boolean {
  const code = codeOf(error) ?? '';
  return /^[0-9A-Z]{5}$/.test(code) && !neverAboutARow.test(code);
}

/** How items are written, and what happens with those that were and were not. */
export interface Writing<Item, Result> {
  readonly write: (part: readonly Item[]) => Promise<Result>;
  /** a part is written; called once for each item that lands */
  readonly landed: (result: Result) => void;
  readonly refused: (item: Item, error: unknown) => void;
}

/**
 * Writes what fits: a batch that PostgreSQL refuses is split until the culprits are alone, and those go to `refused`. Deferred
 * constraints are checked as well. Throws what no row can cause, and TidemarkError 'DestinationIncompatible' where PostgreSQL
 * refuses every row for a reason that is not in the rows: a missing right, a trigger that raises for everything.
 */
export async function eachThatFits<Item, Result>(
  trx: Knex.Transaction,
  items: readonly Item[],
  { write, landed, refused }: Writing<Item, Result>,
): Promise<void> {
  const errors: unknown[] = [];
  await split(trx, items, {
    write,
    landed,
    refused: (item, error) => {
      errors.push(error);
      refused(item, error);
    },
  });
  const [first] = errors;
  if (first === undefined || errors.length < items.length) return;
  const code = codeOf(first);
  const alike = code?.startsWith('22') !== true && errors.every((error) => codeOf(error) === code);
  if (alike && (items.length >= tableRefusesFrom || !aboutItsValues(first))) throw tableRefuses(first, items.length);
}

async function split<Item, Result>(
  trx: Knex.Transaction,
  items: readonly Item[],
  writing: Writing<Item, Result>,
): Promise<void> {
  const { write, landed, refused } = writing;
  if (items.length === 0) return;
  await trx.raw('savepoint batch');
  try {
    const result = await write(items);
    // what would be refused at the commit is refused here
    await trx.raw('set constraints all immediate; set constraints all deferred; release savepoint batch');
    return landed(result);
  } catch (error) {
    if (!mayBeAboutARow(error)) throw error;
    await trx.raw('rollback to savepoint batch; release savepoint batch');
    if (items.length === 1 && items[0] !== undefined) return refused(items[0], error);
  }
  const middle = Math.ceil(items.length / 2);
  await split(trx, items.slice(0, middle), writing);
  await split(trx, items.slice(middle), writing);
}

/** A policy refuses a row with the code of a missing right; PostgreSQL's own name of the source file distinguishes the two in every language. */
function aboutItsValues(error: unknown): boolean {
  const code = codeOf(error) ?? '';
  return aboutValues.test(code) || (error as { routine?: unknown }).routine === 'ExecWithCheckOptions';
}

function tableRefuses(error: unknown, rows: number): TidemarkError {
  const { table, constraint } = error as { table?: unknown; constraint?: unknown };
  const where = typeof table === 'string' ? ` of table ${table}` : '';
  const by = typeof constraint === 'string' ? `, constraint ${constraint}` : '';
  return new TidemarkError(
    'DestinationIncompatible',
    `PostgreSQL refuses every row${where} (${rows} of ${rows}, SQLSTATE ${codeOf(error)}${by}): ${wordsOf(error).slice(0, 500)}. Nothing of this batch was written, and the next run tries again. Check the triggers, policies, constraints and grants of the table`,
  );
}

/** A record that PostgreSQL refused, with PostgreSQL's own words. */
export function refusedRecord(id: string | null, raw: unknown, error: unknown, what = 'row'): SetAsideAnswer {
  const invalid = /^(22|54|XX)/.test(codeOf(error) ?? '');
  return {
    id,
    reason: invalid ? 'invalid' : 'conflict',
    detail: `PostgreSQL refused the ${what}: ${wordsOf(error).slice(0, 500)}`,
    raw,
  };
}
