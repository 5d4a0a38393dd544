/**
 * Which of two answers about a record stays: rank and line. One predicate for delta, reconciliation, webhook, import
 * and delete, so that answers can be written in any order, twice, and late.
 *
 * Five things differ from the plain text of the rule, each for a reason that the models in `guardModel.test.ts` and
 * `test/model` show:
 * every answer of `one` is confirming (its times decide in SQL whether it may confirm, so nobody has to know of a
 * dispute beforehand); a dispute ends only with a confirming answer sent more than the read lag after *both* answers
 * had been received; a confirming answer that finds the row unchanged still draws its line; the entity's line lets
 * answers of the row's own version pass that were sent after what the row holds, as disputed ones, since a reconciliation
 * that compares versions has proved nothing about two edits within one tick of the version; and a deletion of what is gone
 * already is written for its times (`softDelete.ts`), or a stale answer from between the two deletions passes for the latest.
 */

/** SQL expressions of one side of the comparison. */
export interface Side {
  readonly gone: string;
  /** text in collation "C"; '' where there is none or it is opaque: the lowest */
  readonly version: string;
  readonly sent: string;
  readonly received: string;
}

/** The expressions that the guard is made of; every name is an SQL expression over the incoming `n` and the stored row `c`. */
export interface GuardInput {
  readonly n: Side;
  readonly c: Side;
  /** the stored row's line, nullable */
  readonly rowLine: string;
  readonly entityLine: string;
  readonly disputedAt: string;
  readonly confirming: string;
  /** interval */
  readonly lag: string;
  /** whether the mapped content differs, gone or live included */
  readonly contentDiffers: string;
}

export interface Guard {
  /** nothing received before the line is ever written */
  readonly admitted: string;
  readonly wins: string;
  readonly disputes: string;
  /** `_line_at` after a write of the incoming answer */
  readonly lineAfter: string;
  /** `_disputed_at` afterwards: raised, ended or kept */
  readonly disputedAfter: string;
}

export function guard({ n, c, rowLine, entityLine, disputedAt, confirming, lag, contentDiffers }: GuardInput): Guard {
  const rank = (side: Side) => `(${side.gone}, ${side.version}, ${side.sent}, ${side.received})`;
  const head = (side: Side) => `(${side.gone}, ${side.version})`;
  const newerOfSameVersion = `coalesce(${head(n)} = ${head(c)} and ${n.sent} > ${c.sent}, false)`;
  const admitted = `(${n.received} >= coalesce(${rowLine}, '-infinity') and (${n.received} >= ${entityLine} or ${newerOfSameVersion}))`;
  const overrides = `(${confirming} and ${n.sent} > ${c.received} + ${lag})`;
  const wins = `(${admitted} and (${overrides} or ${rank(n)} > ${rank(c)}))`;
  const disputes = `(${admitted} and ${contentDiffers} and not ${overrides} and case
      when ${head(n)} = ${head(c)} then ${n.received} < ${entityLine} or ${n.sent} <= ${c.received} + ${lag} and ${c.sent} <= ${n.received} + ${lag}
      else (${head(n)} > ${head(c)}) <> (${n.sent} > ${c.sent}) end)`;
  return {
    admitted,
    wins,
    disputes,
    lineAfter: `(case when ${confirming} then greatest(${rowLine}, ${n.sent} - ${lag}) else ${rowLine} end)`,
    disputedAfter: `(case when ${disputes} then greatest(${disputedAt}, ${n.received}, ${c.received})
      when ${confirming} and ${admitted} and ${n.sent} > ${disputedAt} + ${lag} then null else ${disputedAt} end)`,
  };
}
