import { readByPosition } from './positional';
import type { PagingOf, PagingScheme } from './scheme';

/** `offset=200&per_page=100`: any position can be asked for. See `readByPosition`. */
export const offset: PagingScheme<PagingOf<'offset'>> = {
  read(reader, resume) {
    const { param, sizeParam, overlap } = reader.paging;
    return readByPosition(reader, resume, {
      overlap,
      sizeMatters: false,
      stretch: (wanted, size) => ({
        from: wanted,
        size,
        query: { [param]: String(wanted), [sizeParam]: String(size) },
      }),
    });
  },
};
