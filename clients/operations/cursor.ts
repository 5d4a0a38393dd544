import { z } from 'zod';
import { type AuditedEntry, listAudit } from '../../destination/audit';
import { getCursor } from '../../destination/runs/entities';
import { lastToMoveCursor, type MovedCursor, resetCursor } from '../../destination/runs/resetCursor';
import { runningRun } from '../../destination/runs/runs';
import type { Target } from '../../schema/workflows';
import { type By, instantInput, type OperatorContext, type TargetInput, targetInput } from './context';
import { findTarget } from './targets';

export interface CursorShown extends Target {
  /** the instant up to which it is known to be synced; null until the first delta succeeded */
  readonly cursor: Date | null;
  readonly lagMs: number | null;
  /** the run that moved it last; null when none has, or its record has been pruned */
  readonly movedByRun: string | null;
  /** by hand, latest first */
  readonly resets: readonly Pick<AuditedEntry, 'at' | 'actor' | 'reason' | 'details'>[];
}

/** Where a cursor stands, and who moved it. Throws TidemarkError 'NotFound'. */
export async function showCursor({ db, connectors }: OperatorContext, input: TargetInput): Promise<CursorShown> {
  await findTarget(db, connectors, input.connection, input.entity);
  const target = { connectionId: input.connection, entity: input.entity };
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
    resets: resets.map(({ at, actor, reason, details }) => ({ at, actor, reason, details })),
  };
}

export const cursorReset = targetInput.extend({
  /** null: nothing counts as synced, the next delta reads everything */
  to: instantInput.nullable().default(null),
  /** also to a later moment than it stands at */
  forward: z.boolean().default(false),
});
export type CursorReset = z.output<typeof cursorReset>;

export interface CursorMoved extends Target, MovedCursor {
  /** a delta that is on: it ends without moving the cursor */
  readonly runningDelta: string | null;
}

/** Moves a cursor by hand, audited. Throws TidemarkError 'NotFound', and 'Usage' as `resetCursor` does. */
export async function moveCursor(
  { db, connectors }: OperatorContext,
  input: CursorReset,
  by: By,
): Promise<CursorMoved> {
  await findTarget(db, connectors, input.connection, input.entity);
  const target = { connectionId: input.connection, entity: input.entity };
  const moved = await resetCursor(db, target, input, by);
  return { ...target, ...moved, runningDelta: (await runningRun(db, target, 'delta'))?.id ?? null };
}
