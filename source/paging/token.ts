import { followChain } from './chain';
import { namesNext } from './next';
import { toldAt } from './proof/more';
import type { PagingOf, PagingScheme } from './scheme';
import { pagesIn, sizeOf, sizeQuery } from './sizes';

/** Each page carries an opaque token, in the body or in a header, which goes back as a parameter. */
export const token: PagingScheme<PagingOf<'token'>> = {
  firstPage: sizeQuery,
  pagesFor: pagesIn,
  sized: sizeOf,
  promises: ({ next, more }, answer) => toldAt(answer, more) ?? namesNext(answer, next, false),
  sortedBy: () => undefined,
  read(reader, resume) {
    const { sizeParam, param, next, more } = reader.paging;
    return followChain(reader, resume, {
      next,
      more,
      asLink: false,
      sizable: sizeParam !== undefined,
      ask: (name, size) =>
        reader.ask({
          ...sizeQuery({ sizeParam, pageSize: size ?? reader.pageSize }),
          ...(name !== undefined && { [param]: name }),
        }),
      nameOf: (_, text) => text,
    });
  },
};
