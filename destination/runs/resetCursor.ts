import type { Knex } from 'knex';
import { TidemarkError } from '../../schema/errors';
import type { Target } from '../../schema/workflows';
import type { Decision } from '../audit';
import { audit } from '../audit';
import { getCursor, ownCursor, setCursor, setOwnCursor } from './cursors';
import { ensureEntity } from './entities';

export interface ResetTo {
  /** null: nothing counts as synced, the next delta reads everything */
  readonly to: Date | null;
  /** also to a later instant than it has now: what changed between is then left to the next reconciliation */
  readonly forward?: boolean | undefined;
  /** of this partition only, which exists; default: of all */
  readonly partition?: string | undefined;
}

export interface MovedCursor {
  readonly before: Date | null;
  readonly after: Date | null;
  /** what the next delta leaves out: changes from `from` (null: all before) to `to`; null where the cursor did not move forward */
  readonly skipped: { readonly from: Date | null; readonly to: Date } | null;
}

/**
 * Moves a cursor by hand, audited. A delta that is running does not move it back: it compares with where it began. Throws
 * TidemarkError 'Usage' for a future instant, and without `forward` for one that would leave changes out.
 */
export async function resetCursor(
  db: Knex,
  target: Target,
  { to, forward, partition }: ResetTo,
  by: Decision,
): Promise<MovedCursor> {
  const of = `${target.connectionId}/${target.entity}`;
  const where = partition === undefined ? of : `partition ${partition} of ${of}`;
  return db.transaction(async (tx) => {
    await ensureEntity(tx, target);
    const { rows } = await tx.raw(
      `select ?::timestamptz > clock_timestamp() as ahead from tidemark.entities where connection_id = ? and entity = ? for update`,
      [to, target.connectionId, target.entity],
    );
    const { ahead }: { ahead: boolean | null } = rows[0];
    const before = await (partition === undefined ? getCursor(tx, target) : ownCursor(tx, target, partition));
    if (ahead === true && to !== null) {
      throw new TidemarkError(
        'Usage',
        `${to.toISOString()} is in the future: a cursor is the instant up to which ${where} is synced`,
      );
    }
    if (to !== null && (before === null || to > before) && !forward) {
      const stands =
        before === null ? `${where} has no cursor yet` : `The cursor of ${where} is at ${before.toISOString()}`;
      throw new TidemarkError(
        'Usage',
        `${stands}, so ${to.toISOString()} would skip what changed before it: add --forward to do so; the next reconciliation finds what was skipped`,
      );
    }
    await (partition === undefined ? setCursor(tx, target, to) : setOwnCursor(tx, target, partition, to));
    const skipped = to !== null && (before === null || to > before) ? { from: before, to } : null;
    const details = {
      before,
      after: to,
      ...(skipped !== null && { skipped }),
      ...(partition !== undefined && { partition }),
    };
    await audit(tx, { ...by, ...target, action: 'cursor reset', details });
    return { before, after: to, skipped };
  });
}

/** The run that moved a cursor last; undefined when none has, or its record has been pruned. */
export async function lastToMoveCursor(db: Knex, { connectionId, entity }: Target): Promise<string | undefined> {
  const { rows } = await db.raw(
    `select id::text as id from tidemark.runs
     where connection_id = ? and entity = ? and cursor_after is not null order by tidemark.runs.id desc limit 1`,
    [connectionId, entity],
  );
  return rows[0]?.id;
}
