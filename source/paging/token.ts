import { followChain } from './chain';
import type { PagingOf, PagingScheme } from './scheme';
import { pagesIn, sizeOf, sizeQuery, toldAt } from './sizes';

/** Each body carries an opaque token, which goes back as a query parameter. */
export const token: PagingScheme<PagingOf<'token'>> = {
  firstPage: sizeQuery,
  pagesFor: pagesIn,
  sized: sizeOf,
  promises: ({ next }, answer) => toldAt(answer, next),
  sortedBy: () => undefined,
  read(reader, resume) {
    const { sizeParam, param, next } = reader.paging;
    const size = sizeQuery({ sizeParam, pageSize: reader.pageSize });
    return followChain(
      reader,
      resume,
      next,
      (name) => reader.ask(name === undefined ? size : { ...size, [param]: name }),
      (_, text) => text,
    );
  },
};
