/** One of the things that a response says of a record, as the merge rule sees it. */
export interface Said<T> {
  readonly item: T;
  readonly id: string;
  /** the same for all that came by one request */
  readonly request: string;
  /** in the order of ranks */
  readonly version: Buffer;
}

/** A batch without what cannot matter. */
export interface Bounded<T> {
  readonly items: readonly T[];
  /** left out: they say what one that is kept says … */
  readonly repeated: number;
  /** … and something else, which ranks no higher */
  readonly outranked: number;
  /** ids of those: whether they contradict what the row held is not judged, so the record is to be fetched again */
  readonly contradicted: readonly string[];
}

/** What one response says of one record, up to this many times, is judged one by one: a statement each. */
const judgedAtMost = 8;

/**
 * Bounds how often one record is written because one response shows it again and again. Of more than a few, two decide what the row
 * holds in the end, whatever it held before: the first, and the first of the highest version, since all have the same times.
 * `repeats.test.ts` compares both ways. `same`: whether two of one record and request have the same content.
 */
export function withoutIdle<T>(all: readonly Said<T>[], same: (a: T, b: T) => boolean): Bounded<T> {
  const byRecord = new Map<string, number[]>();
  for (const [at, { id, request }] of all.entries()) {
    const key = `${request} ${id}`;
    const places = byRecord.get(key);
    if (places) places.push(at);
    else byRecord.set(key, [at]);
  }
  const said = (at: number) => all[at] as Said<T>;
  const equal = (a: Said<T>, b: Said<T>) => a.version.equals(b.version) && same(a.item, b.item);
  const left = new Set<number>();
  const contradicted = new Set<string>();
  let repeated = 0;
  for (const places of byRecord.values()) {
    if (places.length <= judgedAtMost) continue;
    const [first = 0] = places;
    const higher = (at: number, top: number) => Buffer.compare(said(at).version, said(top).version) > 0;
    const top = places.reduce((best, at) => (higher(at, best) ? at : best), first);
    for (const at of places) {
      if (at === first || at === top) continue;
      left.add(at);
      if (equal(said(first), said(at)) || equal(said(top), said(at))) repeated += 1;
      else contradicted.add(said(at).id);
    }
  }
  const items = all.filter((_, at) => !left.has(at)).map(({ item }) => item);
  return { items, repeated, outranked: left.size - repeated, contradicted: [...contradicted] };
}
