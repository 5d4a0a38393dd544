/**
 * The trace that `explain` reads: which answers were refused, disputed, deleted a row or showed a deleted one alive. Written by the
 * guarded statements themselves, from what they judged; of the rule's cases (written, unchanged) nothing is kept, so a
 * batch without incidents pays for one more filter over its rows and no round trip.
 */

/** Columns for the statement's `judged`: what the row (`c`) holds before the statement changes it. */
export const heldColumns = /* sql */ `
        c.deleted_at is not null as _held_gone, c._version as _held_version, c._sent_at as _held_sent, c._received_at as _held_received,
        c._written_by as _held_by, greatest(c._watermark_at, s.watermark_at) as _held_watermark`;

export interface Traced {
  /** SQL: whether the answer says that the record is gone */
  readonly gone: string;
  /** SQL, over `judged`: one of the outcomes that tidemark.answers knows */
  readonly outcome: string;
  /** SQL, over `judged`: which answers are worth it */
  readonly where: string;
}

/** A data-modifying CTE over `judged`. */
export function traceSql({ gone, outcome, where }: Traced): string {
  return /* sql */ `
      insert into tidemark.answers (connection_id, entity, external_id, outcome, won, gone, version, sent_at, received_at, written_by,
        held_gone, held_version, held_sent_at, held_received_at, held_by, watermark_at)
      select _connection, _entity, _id, ${outcome}, _wins, ${gone}, _version, _sent, _received, _by,
        case when _known then _held_gone end, _held_version, _held_sent, _held_received, _held_by, _held_watermark
      from judged where ${where}`;
}
