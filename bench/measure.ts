import { setTimeout as sleep } from 'node:timers/promises';

export interface Timed<T> {
  readonly milliseconds: number;
  readonly result: T;
}

export async function timed<T>(work: () => Promise<T>): Promise<Timed<T>> {
  const began = performance.now();
  const result = await work();
  return { milliseconds: performance.now() - began, result };
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** `share` 0.99 is the 99th percentile: the nearest value that so many are not above. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new RangeError('there is no quantile of nothing');
  return value;
}

/**
 * Measures several things in turn, round after round, so that what else happens on the machine hits all alike. Returns the
 * milliseconds of each, by name.
 */
export async function inTurn<Name extends string>(
  rounds: number,
  works: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(works) as Name[];
  const found = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) found[name].push(await works[name]());
  }
  return found;
}

/** Waits until `holds` says so; throws after `limitMs`. */
export async function until(
  what: string,
  holds: () => Promise<boolean>,
  { everyMs = 20, limitMs = 300_000 }: { everyMs?: number; limitMs?: number } = {},
): Promise<void> {
  const began = performance.now();
  while (!(await holds())) {
    if (performance.now() - began > limitMs) throw new Error(`gave up waiting until ${what}`);
    await sleep(everyMs);
  }
}
