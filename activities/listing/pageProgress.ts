import type { PartProgress } from '../../destination/runs/runParts';
import type { Counts } from '../../schema/answer';
import type { SourcePage } from '../../source/contract';

/** A page of which no more is held than how many records it had. */
export type CountedPage = Omit<SourcePage, 'records' | 'answers' | 'listed'> & { readonly records: number };

export function countedPage({ records, answers: _, listed: __, ...page }: SourcePage): CountedPage {
  return { ...page, records: records.length };
}

/** How far a part has come once these pages, in the order of the listing, are written. */
export function progressOf(pages: readonly CountedPage[], counts: Counts): PartProgress {
  const [first] = pages;
  const last = pages.at(-1);
  return {
    resumePoint: last?.resumePoint ?? null,
    firstSent: first?.sent ?? null,
    firstSentSource: first?.sourceSent ?? null,
    pages: pages.length,
    records: recordsIn(pages),
    requests: pages.reduce((total, page) => total + page.requests, 0),
    counts: countsOf(pages, counts),
    done: last?.resumePoint === null,
    token: pages.findLast(({ token }) => token !== null)?.token ?? null,
    endUncertain: last?.end?.certain === false,
  };
}

/** What happened to their records, those outside of a window of time included. */
export function countsOf(pages: readonly CountedPage[], written: Counts): Counts {
  return { ...written, outside: written.outside + pages.reduce((total, { outside }) => total + outside, 0) };
}

export function recordsIn(pages: readonly CountedPage[]): number {
  return pages.reduce((total, page) => total + page.records, 0);
}
