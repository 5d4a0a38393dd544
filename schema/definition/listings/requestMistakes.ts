import { placeholdersIn } from '../placeholders';
import { type ChangesListing, feedParam, type Listing, type One } from './listing';
import { tabularMistakes } from './tabular';
import { windowMistakes } from './window';

interface Listings {
  readonly all: Listing;
  readonly changes?: ChangesListing | undefined;
  readonly ids?: Listing | undefined;
  readonly one?: One | undefined;
}

/** What is wrong with a listing's request by itself. */
export function requestMistakes(where: string, { one, ...lists }: Listings): string[] {
  const found: string[] = [];
  for (const [name, request] of Object.entries({ ...lists, one })) {
    if (request?.body !== undefined && request.method === 'GET')
      found.push(`${where}.listings.${name}.body: a body is sent with method 'POST' only`);
  }
  for (const [name, list] of Object.entries(lists)) {
    if (list?.paging.scheme === 'function') found.push(...unused(`${where}.listings.${name}`, list));
    if (list?.tabular) found.push(...tabularMistakes(`${where}.listings.${name}.tabular`, list.tabular));
    if (list) found.push(...paramsMistakes(`${where}.listings.${name}`, list));
  }
  if (lists.changes) found.push(...cursorMistakes(`${where}.listings.changes`, lists.changes));
  if (one && one.read === undefined && !has(one, 'id'))
    found.push(`${where}.listings.one.path: must contain {id}, or the query or the body must`);
  return found;
}

/** What is wrong with a listing of changes by itself, wherever it is in a definition. */
export function changesMistakes(at: string, changes: Omit<ChangesListing, 'tabular'>): string[] {
  return [...listMistakes(at, changes), ...cursorMistakes(at, changes)];
}

/** What is wrong with the request of a list, wherever it is in a definition. */
export function listMistakes(at: string, list: Pick<Listing, 'body' | 'params' | 'method'>): string[] {
  const body =
    list.body !== undefined && list.method === 'GET' ? [`${at}.body: a body is sent with method 'POST' only`] : [];
  return [...body, ...paramsMistakes(at, list)];
}

function paramsMistakes(at: string, { params, method }: Pick<Listing, 'params' | 'method'>): string[] {
  return params === 'body' && method === 'GET'
    ? [`${at}.params: parameters go into the body with method 'POST' only`]
    : [];
}

function cursorMistakes(at: string, changes: Omit<ChangesListing, 'tabular'>): string[] {
  const { since, feed } = changes;
  // a function is handed the cursor
  const own = changes.paging.scheme === 'function';
  const found: string[] = [];
  if ((since === undefined) === (feed === undefined)) found.push(`${at}: needs \`since\` or \`feed\`, one of the two`);
  if (feed && !own && feedParam(changes) === undefined && !has(changes, 'since'))
    found.push(`${at}.feed.param: missing, and the request holds no {since} either`);
  if (since && !own && since.param === undefined && !has(changes, 'since'))
    found.push(`${at}.since.param: missing, and the request holds no {since} either`);
  if (since) found.push(...windowMistakes(`${at}.since`, since, own || has(changes, 'until')));
  return found;
}

function has(request: Parameters<typeof placeholdersIn>[0], name: string): boolean {
  return placeholdersIn(request).some(([, found]) => found === name);
}

/** Fields that say how the engine reads a response, which a function of the definition reads itself. */
function unused(at: string, list: Listing): string[] {
  const fields = ['total', 'tabular', 'empty', 'params'] as const;
  return fields
    .filter((field) => list[field] !== undefined)
    .map((field) => `${at}.${field}: not used, since a function reads the listing; leave it out`);
}
