/**
 * How long a test searches for a counterexample: `ordinary` runs, the same ones each time. `npm run test:soak` sets
 * TIDEMARK_SEARCH_FACTOR, which makes the searches so many times longer and starts them elsewhere; TIDEMARK_SEARCH_SEED repeats one.
 */
const factor = Number(process.env.TIDEMARK_SEARCH_FACTOR ?? 1);
const seed = Number(process.env.TIDEMARK_SEARCH_SEED ?? (factor === 1 ? 20261121 : Date.now() % 1_000_000_000));

/** For `fc.assert`. */
export function search(ordinary: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: Math.ceil(ordinary * factor), seed };
}

/** The time-out in milliseconds of a test that takes at most this long in an ordinary run. */
export function searchTimeout(ordinaryMs: number): number {
  return Math.ceil(ordinaryMs * Math.max(1, factor));
}
