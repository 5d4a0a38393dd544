import { readByPosition } from './positional';
import { toldAt } from './proof/more';
import type { PagingOf, PagingScheme } from './scheme';
import { pagesIn, sizeOf, sizeQuery } from './sizes';

/** `offset=200&per_page=100`: any position can be asked for. See `readByPosition`. */
export const offset: PagingScheme<PagingOf<'offset'>> = {
  firstPage: (paging) => ({ [paging.param]: 0, ...sizeQuery(paging) }),
  pagesFor: pagesIn,
  sized: sizeOf,
  promises: ({ more }, answer) => toldAt(answer, more),
  sortedBy: () => undefined,
  read(reader, resume) {
    const { param, sizeParam, overlap } = reader.paging;
    return readByPosition(reader, resume, {
      overlap,
      sizeMatters: false,
      stretch: (wanted, size) => ({
        from: wanted,
        size,
        query: { [param]: wanted, [sizeParam]: size },
      }),
    });
  },
};
