import ms from 'ms';
import type { Counts } from '../../../schema/answer';

const words: readonly (readonly [keyof Counts, string])[] = [
  ['inserted', 'inserted'],
  ['updated', 'updated'],
  ['unchanged', 'unchanged'],
  ['deleted', 'deleted'],
  ['refused', 'refused'],
  ['disputed', 'disputed'],
  ['skipped', 'skipped'],
  ['excluded', 'excluded'],
  ['errors', 'set aside'],
  ['duplicates', 'duplicates'],
  ['rekeyed', 'rekeyed'],
  ['outside', 'outside of the window'],
];

/** Counts, of which some may be missing. */
type CountsSoFar = { readonly [Name in keyof Counts]?: number | undefined };

/** `12 inserted, 1 updated`: what is not zero. */
export function countsText(counts: CountsSoFar): string {
  const parts = words.flatMap(([name, word]) => {
    const count = counts[name] ?? 0;
    return count === 0 ? [] : [`${count.toLocaleString('en')} ${word}`];
  });
  return parts.join(', ') || 'no records';
}

/** `3m ago` */
export function since(date: Date): string {
  const age = Date.now() - date.getTime();
  return age < 1_000 ? 'now' : `${ms(age)} ago`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}
