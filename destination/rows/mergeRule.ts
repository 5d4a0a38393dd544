/**
 * Which of two answers about a record stays: rank and watermark. One predicate for delta, reconciliation, webhook, import
 * and delete, so that answers can be written in any order, twice, and late.
 *
 * An answer's rank is (gone, version, sent); the higher rank stays. Five refinements, each with a counterexample in
 * `mergeRuleModel.test.ts` or `test/model`:
 * every answer of `one` is confirming (its times decide in SQL whether it may confirm, so no caller has to know of a
 * dispute beforehand); a dispute ends only with a confirming answer sent more than the read lag after *both* answers
 * had been received; a confirming answer that finds the row unchanged still raises its watermark; the entity's watermark lets
 * answers of the row's own version pass that were sent after what the row holds, as disputed ones, since a reconciliation
 * that compares versions has proved nothing about two edits within one tick of the version; and a deletion of what is gone
 * already is written for its times (`softDelete.ts`), or a stale answer from between the two deletions passes for the latest.
 *
 * Where records have neither version nor `one`, each listing confirms, but "in passing": it leaves an unchanged, undisputed row as it
 * is. An old answer that is written again may then open a dispute, which the next listing settles; it never changes the row.
 */

/** SQL expressions of one side of the comparison. */
export interface Side {
  readonly gone: string;
  /** text in collation "C"; '' where there is none or it is opaque: the lowest */
  readonly version: string;
  readonly sent: string;
  readonly received: string;
}

/** The expressions that the merge rule is made of; every name is an SQL expression over the incoming `n` and the stored row `c`. */
export interface MergeRuleInput {
  readonly n: Side;
  readonly c: Side;
  /** the stored row's watermark, nullable */
  readonly rowWatermark: string;
  readonly entityWatermark: string;
  readonly disputedAt: string;
  readonly confirming: string;
  /** interval */
  readonly lag: string;
  /** whether the mapped content differs, gone or live included */
  readonly contentDiffers: string;
}

export interface MergeRule {
  /** nothing received before the watermark is ever written */
  readonly admitted: string;
  readonly wins: string;
  readonly disputes: string;
  /** `_watermark_at` after a write of the incoming answer */
  readonly watermarkAfter: string;
  /** `_disputed_at` afterwards: raised, ended or kept */
  readonly disputedAfter: string;
}

export function mergeRule({
  n,
  c,
  rowWatermark,
  entityWatermark,
  disputedAt,
  confirming,
  lag,
  contentDiffers,
}: MergeRuleInput): MergeRule {
  const rank = (side: Side) => `(${side.gone}, ${side.version}, ${side.sent}, ${side.received})`;
  const head = (side: Side) => `(${side.gone}, ${side.version})`;
  const newerOfSameVersion = `coalesce(${head(n)} = ${head(c)} and ${n.sent} > ${c.sent}, false)`;
  const admitted = `(${n.received} >= coalesce(${rowWatermark}, '-infinity') and (${n.received} >= ${entityWatermark} or ${newerOfSameVersion}))`;
  const overrides = `(${confirming} and ${n.sent} > ${c.received} + ${lag})`;
  const wins = `(${admitted} and (${overrides} or ${rank(n)} > ${rank(c)}))`;
  const disputes = `(${admitted} and ${contentDiffers} and not ${overrides} and case
      when ${head(n)} = ${head(c)} then ${n.received} < ${entityWatermark} or ${n.sent} <= ${c.received} + ${lag} and ${c.sent} <= ${n.received} + ${lag}
      else (${head(n)} > ${head(c)}) <> (${n.sent} > ${c.sent}) end)`;
  return {
    admitted,
    wins,
    disputes,
    watermarkAfter: `(case when ${confirming} then greatest(${rowWatermark}, ${n.sent} - ${lag}) else ${rowWatermark} end)`,
    disputedAfter: `(case when ${disputes} then greatest(${disputedAt}, ${n.received}, ${c.received})
      when ${confirming} and ${admitted} and ${n.sent} > ${disputedAt} + ${lag} then null else ${disputedAt} end)`,
  };
}
