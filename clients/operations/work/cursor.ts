import { type AuditedEntry, listAudit } from '../../../destination/audit';
import { getCursor } from '../../../destination/runs/cursors';
import { lastToMoveCursor, type MovedCursor, resetCursor } from '../../../destination/runs/resetCursor';
import { runningRun } from '../../../destination/runs/runs';
import type { Target } from '../../../schema/workflows';
import type { By, OperationContext } from '../definition/context';
import { findTarget, type TargetInput } from './targets';

export interface CursorShown extends Target {
  readonly cursor: Date | null;
  readonly lagMs: number | null;
  readonly movedByRun: string | null;
  readonly resets: readonly CursorMove[];
}

interface CursorMove extends Pick<AuditedEntry, 'at' | 'actor' | 'reason'> {
  /** ISO */
  readonly before: string | null;
  readonly after: string | null;
}

/** The cursor of an entity and who moved it. Throws TidemarkError 'NotFound'. */
export async function showCursor(context: OperationContext, input: TargetInput): Promise<CursorShown> {
  const { db } = context;
  const { target } = await findTarget(context, input);
  const [cursor, movedByRun, resets] = await Promise.all([
    getCursor(db, target),
    lastToMoveCursor(db, target),
    listAudit(db, { ...target, action: 'cursor reset', limit: 10 }),
  ]);
  return {
    ...target,
    cursor,
    lagMs: cursor === null ? null : Math.max(0, Date.now() - cursor.getTime()),
    movedByRun: movedByRun ?? null,
    resets: resets.map(({ at, actor, reason, details }) => ({
      at,
      actor,
      reason,
      before: textOrNull(details.before),
      after: textOrNull(details.after),
    })),
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

export interface CursorReset extends TargetInput {
  /** null: nothing counts as synced, the next delta reads everything */
  readonly to: Date | null;
  readonly forward: boolean;
}

export interface CursorMoved extends Target, MovedCursor {
  readonly runningDelta: string | null;
}

/** Moves a cursor by hand, audited. Throws TidemarkError 'NotFound', and 'Usage' as `resetCursor` does. */
export async function moveCursor(context: OperationContext, input: CursorReset, by: By): Promise<CursorMoved> {
  const { target } = await findTarget(context, input);
  const moved = await resetCursor(context.db, target, input, by);
  return { ...target, ...moved, runningDelta: (await runningRun(context.db, target, 'delta'))?.id ?? null };
}
