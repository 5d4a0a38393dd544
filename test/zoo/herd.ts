import fc from 'fast-check';
import { plans } from './draw';
import type { Zoo } from './engine';
import { play } from './play';
import type { Plan } from './world';

export interface Herd {
  /** the seed of the first; each further one has the next */
  readonly seed: number;
  readonly count: number;
  /** so many are played side by side: most of their time they wait */
  readonly sideBySide: number;
  /** no further one is begun after this */
  readonly limitMs: number;
  readonly onPlayed?: (played: number) => void;
}

/** A counterexample is made smaller for this long. */
const shrinkingMs = Number(process.env.TIDEMARK_ZOO_SHRINK_MS ?? 60_000);

/**
 * Draws plans, each from a seed of its own, and plays them side by side. The first that fails is shrunk and thrown, with the seed that
 * brings it back. Returns how many were played.
 */
export async function playHerd(zoo: Zoo, { seed, count, sideBySide, limitMs, onPlayed }: Herd): Promise<number> {
  const began = performance.now();
  let begun = 0;
  let played = 0;
  const failures: unknown[] = [];
  const keeper = async () => {
    while (begun < count && failures.length === 0 && performance.now() - began < limitMs) {
      const own = seed + begun++;
      // whatever is tried after that passes, so that what was found until then is told
      let shrinkUntil = Number.POSITIVE_INFINITY;
      const playOne = async (plan: Plan) => {
        if (performance.now() > shrinkUntil) return;
        try {
          await play(zoo, plan);
        } catch (error) {
          shrinkUntil = Math.min(shrinkUntil, performance.now() + shrinkingMs);
          throw error;
        }
      };
      try {
        await fc.assert(fc.asyncProperty(plans, playOne), {
          seed: own,
          numRuns: 1,
          plugins: own % 2 ? [fc.unbiased()] : [],
        });
      } catch (error) {
        failures.push(error);
        return;
      }
      played += 1;
      onPlayed?.(played);
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, keeper));
  if (failures.length > 0) throw together(failures);
  return played;
}

/** What failed side by side, the first one first. */
function together(failures: readonly unknown[]): unknown {
  const [first, ...others] = failures;
  if (first instanceof Error) for (const other of others) first.message += `\n\nBeside it: ${messageOf(other)}`;
  return first;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}\n${error.cause.message}` : error.message;
}
