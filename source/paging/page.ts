import { readByPosition } from './positional';
import { toldAt } from './proof/more';
import type { PagingOf, PagingScheme } from './scheme';
import { pagesIn, sizeOf, sizeQuery } from './sizes';

/**
 * `page=3&pageSize=100`. Pages of one size can't overlap, but pages of slightly different sizes can: after 100 records
 * page 2 of 99 begins with the last one of them. So each page is asked for in the size that brings most behind a known record, and the
 * seam is proved by the answer itself. (Asking for the one record before the seam, in a request of its own, was tried: it
 * doubles the requests, and misses a list that moves away and back between the two.) A `stable` list is
 * read in pages of one size, without overlap.
 */
export const page: PagingScheme<PagingOf<'page'>> = {
  firstPage: (paging) => ({ [paging.param]: paging.firstPage, ...sizeQuery(paging) }),
  pagesFor: pagesIn,
  sized: sizeOf,
  promises: ({ more }, answer) => toldAt(answer, more),
  sortedBy: () => undefined,
  read(reader, resume) {
    const { param, sizeParam, firstPage, stable } = reader.paging;
    return readByPosition(reader, resume, {
      overlap: stable ? 0 : 1,
      sizeMatters: true,
      stretch: (wanted, size) => {
        const best = stable ? size : bestSize(wanted, size);
        const number = Math.floor(wanted / best);
        return {
          from: number * best,
          size: best,
          query: { [param]: firstPage + number, [sizeParam]: best },
        };
      },
    });
  },
};

/** The page size, at most `size`, whose pages reach furthest behind `wanted`. */
function bestSize(wanted: number, size: number): number {
  let best = size;
  let furthest = 0;
  for (let candidate = size; candidate > furthest; candidate -= 1) {
    const behind = candidate - (wanted % candidate);
    if (behind > furthest) {
      furthest = behind;
      best = candidate;
    }
  }
  return best;
}
