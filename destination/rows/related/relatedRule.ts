import type { Asked, RelatedPart } from '../../../schema/answer';

/** Which of two readings of the related records of one record stays, and whether it is certain. */
export interface RelatedVerdict {
  /** the incoming reading stays */
  readonly wins: boolean;
  /** the two overlap within the read lag, so that either may show the older state */
  readonly overlap: boolean;
}

/**
 * The merge rule of related records. They have no version: of two readings, the one that was sent later stays. Each shows a state of
 * between its sending less the read lag and its receiving, so two that overlap may show them in either order; where they also
 * disagree, the row is disputed.
 */
export function judgeRelated(incoming: Asked, held: Asked, readLagMs: number): RelatedVerdict {
  const later = incoming.sent > held.sent || (incoming.sent === held.sent && incoming.received > held.received);
  return { wins: later, overlap: overlaps(incoming, held, readLagMs) };
}

function overlaps(a: Asked, b: Asked, readLagMs: number): boolean {
  return a.sent <= b.received + readLagMs && b.sent <= a.received + readLagMs;
}

/** The reading that stays of those that came in one batch, and whether another one of them contradicts it. */
export interface BestReading {
  readonly part: RelatedPart;
  readonly contradicted: boolean;
}

export function bestReading(parts: readonly RelatedPart[], readLagMs: number): BestReading | undefined {
  const [best] = [...parts].sort((a, b) => b.sent - a.sent || b.received - a.received);
  if (best === undefined) return undefined;
  const contradicted = parts.some((part) => part.json !== best.json && overlaps(part, best, readLagMs));
  return { part: best, contradicted };
}
