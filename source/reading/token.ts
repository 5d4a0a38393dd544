import type { Feed } from '../../schema/definition/listings/feed';
import { holds } from '../../schema/definition/listings/valueIs';
import { valueAt } from '../../schema/json/json';
import type { Told } from '../paging';

/** A longer one would weigh more than a page. */
const longestToken = 65_536;

/** The token at its place in a response; null where there is none. Throws what `broken` makes of a value that is no token. */
export function tokenIn(
  { body, headers }: Told,
  at: Feed['token'],
  broken: (problem: string, todo: string) => Error,
): string | null {
  const value = typeof at === 'string' ? valueAt(body, at) : headers[at.header.toLowerCase()];
  if (value === undefined || value === null || value === '') return null;
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') throw broken(`the token is a ${typeof value}`, 'Check the path of `token`');
  if (text.length > longestToken)
    throw broken(
      `the token has ${text.length} characters, and at most ${longestToken} are kept`,
      'Check the path of `token`',
    );
  return text;
}

/** Whether a response says that the source no longer knows the token it was asked with. */
export function isExpired(
  { expired }: Feed,
  { status, body }: { readonly status: number; readonly body: unknown },
): boolean {
  const said = expired.error !== undefined && holds(body, expired.error);
  return said || (expired.error === undefined && expired.statuses.includes(status));
}
