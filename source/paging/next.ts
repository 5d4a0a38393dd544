import LinkHeader from 'http-link-header';
import type { Paging } from '../../schema/definition/listings/paging';
import { valueAt } from '../../schema/json/json';
import type { ListReader, Told } from './scheme';

/** Where a page names the next one: a path in the body, or a header. */
export type NextAt = string | { readonly header: string };

/** What names the next page; undefined where nothing does. Throws ContractBroken for a value that names no page. */
export function nextIn(reader: ListReader<Paging>, told: Told, at: NextAt, asLink: boolean): string | undefined {
  const next = found(told, at, asLink);
  if (next === undefined || next === null || next === '' || next === false) return undefined;
  if (typeof next === 'string') return next;
  if (typeof next === 'number') return String(next);
  throw reader.broken(`${place(at)} should name the next page but is a ${typeof next}`, 'Check the path of `next`');
}

/** Whether a response says anything about a next page, be it that there is none. */
export function speaksOfNext(told: Told, at: NextAt): boolean {
  return typeof at === 'string'
    ? valueAt(told.body, at) !== undefined
    : told.headers[at.header.toLowerCase()] !== undefined;
}

/** See PagingScheme.promises. */
export function namesNext(told: Told, at: NextAt, asLink: boolean): boolean {
  return ![undefined, null, '', false].includes(found(told, at, asLink) as undefined);
}

export function place(at: NextAt): string {
  return typeof at === 'string' ? `'${at}'` : `the header '${at.header}'`;
}

function found({ body, headers }: Told, at: NextAt, asLink: boolean): unknown {
  if (typeof at === 'string') return valueAt(body, at);
  const value = headers[at.header.toLowerCase()];
  if (value === undefined || !asLink) return value;
  return linked(value);
}

/** The target of `rel="next"` (RFC 8288); undefined where the header names none or cannot be read. */
function linked(header: string): string | undefined {
  try {
    return LinkHeader.parse(header).rel('next')[0]?.uri;
  } catch {
    // like a header that is not there: the end of the list is then doubted
    return undefined;
  }
}
