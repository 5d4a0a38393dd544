import type { ResumePoint } from '../../schema/definition/listings/listing';
import type { Window } from '../../schema/definition/listings/window';
import { parseDuration } from '../../schema/duration';
import type { ListOptions, SourcePage } from '../contract';

/** One window of a range. */
interface OneWindow {
  /** where the next one begins, in milliseconds since 1970; null where this is the last */
  readonly next: number | null;
  readonly pages: AsyncIterable<SourcePage>;
}

interface Reading {
  readonly since: Date;
  readonly options: ListOptions;
  readonly window: Window;
  /** the present, in milliseconds since 1970: where the range ends, unless the caller says */
  readonly now: number;
  /** opens the window that begins at `since` and is at most as wide as the source accepts */
  readonly open: (options: ListOptions) => OneWindow;
  /** of a resume point that is not one of a window */
  readonly unusable: () => Error;
}

/**
 * Reads a range in windows, the oldest first. The range stays the same however often the reading is resumed: its end, and so where each
 * window ends, is part of the resume point. How the whole list ended is what its windows ended with, the doubt of each included.
 */
export async function* inWindows({
  since,
  options,
  window,
  now,
  open,
  unusable,
}: Reading): AsyncGenerator<SourcePage, void, undefined> {
  const first = { from: since.getTime() - parseDuration(window.back), end: (options.until ?? new Date(now)).getTime() };
  let place: Place | null =
    options.resumePoint == null ? { ...first, doubt: false, inner: null } : placeOf(options.resumePoint);
  if (place === null) throw unusable();
  while (place !== null) {
    const { from, end, doubt, inner }: Place = place;
    const { next, pages } = open({ ...options, since: new Date(from), until: new Date(end), resumePoint: inner });
    place = null;
    for await (const page of pages) {
      if (page.resumePoint !== null) {
        yield {
          ...page,
          range: { from, to: end },
          resumePoint: pointOf({ from, end, doubt, inner: page.resumePoint }),
          end: null,
        };
        continue;
      }
      const range = { from, to: end };
      const doubtful: boolean = doubt || page.end?.certain === false;
      if (next === null) yield { ...page, range, end: doubtful ? { provedBy: 'absence', certain: false } : page.end };
      else {
        place = { from: next, end, doubt: doubtful, inner: null };
        yield { ...page, range, resumePoint: pointOf(place), end: null };
      }
    }
  }
}

/** Where a reading goes on: in the window that begins at `from`, of a range that ends at `end`. */
interface Place {
  readonly from: number;
  readonly end: number;
  /** nothing showed that the list of an earlier window ended where its pages stopped */
  readonly doubt: boolean;
  /** where the list of the window goes on; null: at its beginning */
  readonly inner: ResumePoint | null;
}

const pointOf = ({ from, end, doubt, inner }: Place): ResumePoint => ({
  ...inner,
  windowFrom: from,
  windowEnd: end,
  windowDoubt: doubt,
});

function placeOf({ windowFrom, windowEnd, windowDoubt, ...inner }: ResumePoint): Place | null {
  if (typeof windowFrom !== 'number' || typeof windowEnd !== 'number') return null;
  const begun = Object.keys(inner).length > 0;
  return { from: windowFrom, end: windowEnd, doubt: windowDoubt === true, inner: begun ? inner : null };
}
