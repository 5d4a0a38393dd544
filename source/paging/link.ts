import { followChain } from './chain';
import type { PagingOf, PagingScheme } from './scheme';
import { pagesIn, sizeOf, sizeQuery, toldAt } from './sizes';

/** Each body carries the address of the next page. A link to another host is refused. */
export const link: PagingScheme<PagingOf<'link'>> = {
  firstPage: sizeQuery,
  pagesFor: pagesIn,
  sized: sizeOf,
  promises: ({ next }, answer) => toldAt(answer, next),
  sortedBy: () => undefined,
  read(reader, resume) {
    const { sizeParam, next } = reader.paging;
    const size = sizeQuery({ sizeParam, pageSize: reader.pageSize });
    return followChain(
      reader,
      resume,
      next,
      (name) => {
        if (name === undefined) return reader.ask(size);
        if (!URL.canParse(name))
          throw reader.broken(`the resume point holds no address but '${name}'`, 'Start a new run');
        return reader.ask({}, new URL(name));
      },
      (answer, text) => reader.link(answer, text).href,
    );
  },
};
