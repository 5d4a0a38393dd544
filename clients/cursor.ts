import { z } from 'zod';
import { listAudit } from '../destination/audit';
import { getCursor } from '../destination/entities';
import { lastToMoveCursor, resetCursor } from '../destination/resetCursor';
import { runningRun } from '../destination/runs';
import { type By, instant, instantInput, type OperatorContext, type TargetInput, targetInput } from './operator';
import { findTarget } from './targets';

export const cursorShown = z.object({
  connectionId: z.string(),
  entity: z.string(),
  /** the instant up to which it is known to be synced; null until the first delta succeeded */
  cursor: instant.nullable(),
  lagMs: z.number().nullable(),
  /** the run that moved it last */
  movedByRun: z.string().nullable(),
  /** latest first */
  resets: z.array(
    z.object({ at: instant, actor: z.string(), reason: z.string(), details: z.record(z.string(), z.unknown()) }),
  ),
});
export type CursorShown = z.infer<typeof cursorShown>;

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
  /** absent or null: nothing counts as synced, the next delta reads everything */
  to: instantInput.nullable().default(null),
  /** also to a later moment than it stands at */
  forward: z.boolean().default(false),
});
export type CursorReset = z.output<typeof cursorReset>;

export const cursorMoved = z.object({
  connectionId: z.string(),
  entity: z.string(),
  before: instant.nullable(),
  after: instant.nullable(),
  /** a delta that is on: it ends without moving the cursor */
  runningDelta: z.string().nullable(),
});
export type CursorMoved = z.infer<typeof cursorMoved>;

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
