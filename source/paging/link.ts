import { followChain } from './chain';
import { namesNext } from './next';
import { toldAt } from './proof/more';
import type { PagingOf, PagingScheme } from './scheme';
import { pagesIn, sizeOf, sizeQuery } from './sizes';

/** Each page carries the address of the next, in the body or in the `Link` header. No link is followed to another host. */
export const link: PagingScheme<PagingOf<'link'>> = {
  firstPage: sizeQuery,
  pagesFor: pagesIn,
  sized: sizeOf,
  promises: ({ next, more }, answer) => toldAt(answer, more) ?? namesNext(answer, next, true),
  sortedBy: () => undefined,
  read(reader, resume) {
    const { sizeParam, next, more } = reader.paging;
    return followChain(reader, resume, {
      next,
      more,
      asLink: true,
      sizable: sizeParam !== undefined,
      ask: (name, size) => {
        if (name === undefined) return reader.ask(sizeQuery({ sizeParam, pageSize: size ?? reader.pageSize }));
        if (!URL.canParse(name))
          throw reader.broken(`the resume point holds no address but '${name}'`, 'Start a new run');
        return reader.ask({}, { link: new URL(name) });
      },
      nameOf: (answer, text) => reader.link(answer, text).href,
    });
  },
};
