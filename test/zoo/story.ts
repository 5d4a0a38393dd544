import type { Plan } from './world';

/** A counterexample in words: what the source is like, what happened, and what is wrong in the end. */
export function story({ world }: Plan, wrong: string, log: readonly string[]): string {
  return [wrong, '', `The source: ${JSON.stringify(world)}`, '', ...log].join('\n');
}
