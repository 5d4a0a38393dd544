import type { PageSize, Query } from './scheme';

/** A guess for planning only, where the source decides how large its pages are. */
const unknownSize = 100;

interface Sized {
  readonly sizeParam?: string | undefined;
  readonly pageSize?: number | undefined;
}

/** See PagingScheme.sized. */
export function sizeOf({ sizeParam, pageSize }: Sized): PageSize | undefined {
  return sizeParam === undefined ? undefined : { param: sizeParam, size: pageSize };
}

/** The parameter that asks for pages of the declared size. */
export function sizeQuery({ sizeParam, pageSize }: Sized): Query {
  return sizeParam === undefined || pageSize === undefined ? {} : { [sizeParam]: pageSize };
}

/** See PagingScheme.pagesFor. An empty list has one page. */
export function pagesIn({ pageSize }: Sized, records: number): number {
  return Math.max(1, Math.ceil(records / (pageSize ?? unknownSize)));
}
