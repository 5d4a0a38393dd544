import { BadRequest } from './answers';
import { readInstant } from './instant';

/** A half-open span of time in milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface PageAsked {
  readonly page: number;
  readonly pageSize: number;
  readonly includeTotal: boolean;
}

/** The page that is asked for. `pageSize` is 1 to 5000, and 50 without one. Throws BadRequest. */
export function pageAsked(params: URLSearchParams): PageAsked {
  return {
    page: whole(params, 'page', 1, Number.MAX_SAFE_INTEGER),
    pageSize: whole(params, 'pageSize', 50, 5000),
    includeTotal: flag(params, 'includeTotal'),
  };
}

function whole(params: URLSearchParams, name: string, fallback: number, max: number): number {
  const text = params.get(name);
  if (text === null || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new BadRequest(name, `The field ${name} must be between 1 and ${max}.`);
  return value;
}

export function flag(params: URLSearchParams, name: string): boolean {
  const text = params.get(name)?.toLowerCase();
  if (text === undefined || text === '') return false;
  if (text !== 'true' && text !== 'false') throw new BadRequest(name, `The value '${text}' is not valid.`);
  return text === 'true';
}

/** `<field>OnOrAfter` and `<field>Before`; undefined where neither is given. */
export function spanAsked(params: URLSearchParams, field: 'created' | 'modified'): Span | undefined {
  const [from, to] = [instant(params, `${field}OnOrAfter`), instant(params, `${field}Before`)];
  if (from === undefined && to === undefined) return undefined;
  return { from: from ?? Number.NEGATIVE_INFINITY, to: to ?? Number.POSITIVE_INFINITY };
}

function instant(params: URLSearchParams, name: string): number | undefined {
  const text = params.get(name);
  if (text === null || text === '') return undefined;
  const at = readInstant(text);
  if (at === undefined) throw new BadRequest(name, `The value '${text}' is not valid.`);
  return at;
}

/** Ids separated by commas; undefined where the parameter is not given. At most 50, as on endpoints whose limit is documented. */
export function idsAsked(params: URLSearchParams, name: string): readonly string[] | undefined {
  const text = params.get(name);
  if (text === null || text === '') return undefined;
  const ids = text.split(',').map((id) => id.trim());
  const wrong = ids.find((id) => !/^\d+$/.test(id));
  if (wrong !== undefined) throw new BadRequest(name, `The value '${wrong}' is not valid.`);
  if (ids.length > 50) throw new BadRequest(name, `The field ${name} must have at most 50 values.`);
  return ids;
}

export interface Order {
  readonly field: 'Id' | 'ModifiedOn' | 'CreatedOn';
  readonly direction: 1 | -1;
}

/** `+Id`, `-ModifiedOn`. A plus sign that is not encoded arrives as a space. */
export function orderAsked(params: URLSearchParams): Order {
  const text = params.get('sort');
  // not documented; by id is assumed
  if (text === null || text === '') return { field: 'Id', direction: 1 };
  const [, sign, field] = /^([+-]?)(Id|ModifiedOn|CreatedOn)$/.exec(text) ?? [];
  if (field === undefined) throw new BadRequest('sort', `The value '${text}' is not valid.`);
  return { field: field as Order['field'], direction: sign === '-' ? -1 : 1 };
}

/** Whether inactive customers are listed: not unless they are asked for. */
export function activeAsked(params: URLSearchParams): 'True' | 'False' | 'Any' {
  const text = params.get('active')?.toLowerCase() ?? 'true';
  const known = { '': 'True', true: 'True', false: 'False', any: 'Any' } as const;
  const found = known[text as keyof typeof known];
  if (found === undefined) throw new BadRequest('active', `The value '${text}' is not valid.`);
  return found;
}
