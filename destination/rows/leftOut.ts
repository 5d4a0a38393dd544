/**
 * Rows whose record the source has, and which are left out all the same. `_left_out` holds why ('skipped': the mapping leaves the record out;
 * 'excluded': a row of another table excludes it, see the entity's `excludedBy`; 'replaced': its day no longer lists the line, see `replaced/`); null for any other row.
 *
 * A skipped row holds the version, the times and the raw record of the answer that left it out, so that the merge rule compares later answers with that
 * one: an older answer changes nothing, and a later one that maps brings the row back. Its columns stay as they were. An excluded row holds the record
 * like any other, its columns too, and is there also where the record was excluded from the start: once nothing excludes it, nothing is to be requested.
 *
 * Such a row is first only marked, and live as before. What deletes it is `deleteLeftOut`, once the deletion guard lets it. A deleted row that
 * is left out is not gone: gone ranks above live, and what is left out is live at the source.
 */

/** Why a row is left out. */
export type LeftOutReason = 'skipped' | 'excluded' | 'replaced';

/** SQL over a stored row `c`: the source has said that its record is gone. */
export const heldGone = '(c.deleted_at is not null and c._left_out is null)';

/** SQL over a stored row `c`: its record is gone, or left out. */
export const notShown = 'c.deleted_at is not null or c._left_out is not null';
