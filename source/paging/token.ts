import { followChain } from './chain';
import type { PagingOf, PagingScheme } from './scheme';

/** Each body carries an opaque token, which goes back as a query parameter. */
export const token: PagingScheme<PagingOf<'token'>> = {
  read(reader, resume) {
    const { sizeParam, param, next } = reader.paging;
    const size: Record<string, string> =
      sizeParam !== undefined && reader.pageSize !== undefined ? { [sizeParam]: String(reader.pageSize) } : {};
    return followChain(
      reader,
      resume,
      next,
      (name) => reader.ask(name === undefined ? size : { ...size, [param]: name }),
      (_, text) => text,
    );
  },
};
