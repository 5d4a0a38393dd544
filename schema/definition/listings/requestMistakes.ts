import { placeholdersIn } from '../placeholders';
import { type ChangesListing, feedParam, type Listing, type One } from './listing';
import { tabularMistakes } from './tabular';

interface Listings {
  readonly all: Listing;
  readonly changes?: ChangesListing | undefined;
  readonly ids?: Listing | undefined;
  readonly one?: One | undefined;
}

/** What is wrong with a listing's request by itself. */
export function requestMistakes(where: string, { one, ...lists }: Listings): string[] {
  const found: string[] = [];
  const has = (request: Listing | One, name: string) => placeholdersIn(request).some(([, found]) => found === name);
  for (const [name, request] of Object.entries({ ...lists, one })) {
    if (request?.body !== undefined && request.method === 'GET')
      found.push(`${where}.listings.${name}.body: a body is sent with method 'POST' only`);
  }
  for (const [name, list] of Object.entries(lists)) {
    if (list?.tabular) found.push(...tabularMistakes(`${where}.listings.${name}.tabular`, list.tabular));
    if (list?.params === 'body' && list.method === 'GET')
      found.push(`${where}.listings.${name}.params: parameters go into the body with method 'POST' only`);
  }
  if (lists.changes && (lists.changes.since === undefined) === (lists.changes.feed === undefined))
    found.push(`${where}.listings.changes: needs \`since\` or \`feed\`, one of the two`);
  if (lists.changes?.feed && feedParam(lists.changes) === undefined && !has(lists.changes, 'since'))
    found.push(`${where}.listings.changes.feed.param: missing, and the request holds no {since} either`);
  if (lists.changes?.since && lists.changes.since.param === undefined && !has(lists.changes, 'since'))
    found.push(`${where}.listings.changes.since.param: missing, and the request holds no {since} either`);
  if (one && !has(one, 'id'))
    found.push(`${where}.listings.one.path: must contain {id}, or the query or the body must`);
  return found;
}
