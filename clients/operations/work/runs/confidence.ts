import type { VerifyResult } from '../../../../schema/definition/checks';

/**
 * The share of records that differ, at most, with 95 % confidence, when `differing` of `compared` taken at random did: the
 * upper bound of Clopper and Pearson (Biometrika 26, 1934), which is exact where the rows are many. For none of n it is
 * 1 - 0.05^(1/n), about 3/n.
 */
export function upperBound(differing: number, compared: number): number {
  if (compared === 0 || differing >= compared) return 1;
  let [low, high] = [differing / compared, 1];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (atMost(differing, compared, middle) > 0.05) low = middle;
    else high = middle;
  }
  return high;
}

/** How likely at most `differing` of `compared` differ when the share is `share`. */
function atMost(differing: number, compared: number, share: number): number {
  let total = 0;
  let logTerm = compared * Math.log1p(-share);
  for (let count = 0; count <= differing; count += 1) {
    total += Math.exp(logTerm);
    logTerm += Math.log((compared - count) / (count + 1)) + Math.log(share) - Math.log1p(-share);
  }
  return total;
}

/** A comparison with the share of all live rows that differ, at most; null where nothing had to be concluded, since all were compared. */
export function withConfidence(result: VerifyResult): VerifyResult & { readonly differingAtMost: number | null } {
  return { ...result, differingAtMost: result.all ? null : upperBound(result.differing, result.compared) };
}
