import type { Paging } from '../../schema/definition/listings/paging';
import { ownFunction } from './function';
import { keyset } from './keyset';
import { link } from './link';
import { none } from './none';
import { offset } from './offset';
import { page } from './page';
import type { PagingOf, PagingScheme } from './scheme';
import { token } from './token';

export type { EndProof, ListEnd } from './proof/end';
export type { ListAnswer, ListedPage, ListReader, OwnListing, PagingScheme, Query, Told } from './scheme';

/** A further scheme is a variant of `schema/definition/listings/listing.ts`, a file here, and its line in this list. */
const schemes: { readonly [S in Paging['scheme']]: PagingScheme<PagingOf<S>> } = {
  none,
  offset,
  page,
  link,
  token,
  keyset,
  function: ownFunction,
};

export function schemeOf(paging: Paging): PagingScheme<Paging> {
  return schemes[paging.scheme] as PagingScheme<Paging>;
}
