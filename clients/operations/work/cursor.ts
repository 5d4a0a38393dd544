import { type AuditedEntry, listAudit } from '../../../destination/audit';
import {
  getCursor,
  type PartitionCursor,
  partitionCursors,
  type RelatedCursor,
  relatedCursors,
} from '../../../destination/runs/cursors';
import { lastToMoveCursor, type MovedCursor, resetCursor } from '../../../destination/runs/resetCursor';
import { runningRun } from '../../../destination/runs/runs';
import { TidemarkError } from '../../../schema/errors';
import type { Target } from '../../../schema/workflows';
import type { By, OperationContext } from '../definition/context';
import { assertPartition } from './partitions';
import { findTarget, type TargetInput } from './targets';

/** Of thousands of partitions, those that are furthest behind. */
const shownPartitions = 100;

export interface CursorShown extends Target {
  readonly cursor: Date | null;
  readonly lagMs: number | null;
  readonly movedByRun: string | null;
  readonly partitions: readonly PartitionCursor[];
  readonly related: readonly RelatedCursor[];
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
  const [cursor, partitions, related, movedByRun, resets] = await Promise.all([
    getCursor(db, target),
    partitionCursors(db, target, shownPartitions),
    relatedCursors(db, target),
    lastToMoveCursor(db, target),
    listAudit(db, { ...target, action: 'cursor reset', limit: 10 }),
  ]);
  return {
    ...target,
    cursor,
    lagMs: cursor === null ? null : Math.max(0, Date.now() - cursor.getTime()),
    movedByRun: movedByRun ?? null,
    partitions,
    related,
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
  /** only of this one */
  readonly partition?: string | undefined;
}

export interface CursorMoved extends Target, MovedCursor {
  readonly runningDelta: string | null;
}

/** Moves a cursor by hand, audited. Throws TidemarkError 'NotFound', and 'Usage' as `resetCursor` does. */
export async function moveCursor(context: OperationContext, input: CursorReset, by: By): Promise<CursorMoved> {
  const { target, entity, connection } = await findTarget(context, input);
  if (input.to !== null && entity.listings.changes?.feed !== undefined) {
    throw new TidemarkError(
      'Usage',
      `The cursor of ${target.connectionId}/${target.entity} is a token of its source: it cannot be set to an instant. Without --to, everything is read again`,
    );
  }
  assertPartition(entity, connection.settings, input.partition);
  const moved = await resetCursor(context.db, target, input, by);
  return { ...target, ...moved, runningDelta: (await runningRun(context.db, target, 'delta'))?.id ?? null };
}
