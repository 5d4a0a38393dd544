import type { InstantField } from '../../simulator/collection';
import type { Resource } from './resources';

/** A half-open span of time in milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What a list request asks for. */
export interface ListQuery {
  readonly perPage: number;
  readonly offset: number;
  /** undefined: the order of the ids (assumed; the documentation names none) */
  readonly order: { readonly field: string; readonly direction: 1 | -1 } | undefined;
  readonly spans: ReadonlyMap<InstantField, Span>;
  /** equality on other attributes, `%` at either end matching anything */
  readonly equals: readonly { readonly field: string; readonly pattern: string }[];
  /** sparse fieldset, undefined for everything */
  readonly fields: ReadonlySet<string> | undefined;
}

/** A request that the API refuses with 400. */
export class BadRequest extends Error {}

const isInstant = (field: string): field is InstantField => field === 'created_at' || field === 'updated_at';

/**
 * Reads the query of a list. Rules: docs overview/json-api (where, order, fields), overview/dates-times (operators, dates),
 * the Pagination tables (per_page 1..100, default 25). A per_page above 100 is taken as 100 and 0 answers no rows but the total
 * (both from client libraries, not documented). Unknown names are a 400 (assumed). Throws BadRequest.
 */
export function parseListQuery(resource: Resource, params: URLSearchParams): ListQuery {
  const spans = new Map<InstantField, Span>();
  const equals: { field: string; pattern: string }[] = [];
  for (const [name, value] of params) {
    const where = /^where\[(\w+)\](?:\[(\w+)\])?$/.exec(name);
    if (!where) continue;
    const [, field = '', operator = ''] = where;
    if (!resource.canQueryBy.includes(field)) throw new BadRequest(`${field} is not a queryable attribute`);
    if (isInstant(field)) spans.set(field, intersect(spans.get(field), span(operator, value)));
    else if (operator === '') equals.push({ field, pattern: value });
    else throw new BadRequest(`${operator} is not supported for ${field}`);
  }
  return {
    perPage: Math.max(0, Math.min(100, integer(params.get('per_page'), 25))),
    offset: Math.max(0, integer(params.get('offset'), 0)),
    order: order(resource, params.get('order')),
    spans,
    equals,
    fields: fields(params.get(`fields[${resource.type}]`)),
  };
}

function integer(text: string | null, fallback: number): number {
  const value = text === null || text === '' ? Number.NaN : Number(text);
  return Number.isInteger(value) ? value : fallback;
}

function order(resource: Resource, text: string | null): ListQuery['order'] {
  if (!text) return undefined;
  const descending = text.startsWith('-');
  const field = descending ? text.slice(1) : text;
  if (!resource.canOrderBy.includes(field)) throw new BadRequest(`${field} is not a sortable attribute`);
  return { field, direction: descending ? -1 : 1 };
}

function fields(text: string | null): ReadonlySet<string> | undefined {
  return text === null ? undefined : new Set(text.split(',').map((name) => name.trim()));
}

/**
 * A date stands for the whole day in the organization's time zone (here UTC), a date and time for that instant.
 * Records keep milliseconds although only seconds are shown, so `=` with a time means that second.
 */
function span(operator: string, value: string): Span {
  const wholeDay = /^\d{4}-\d{2}-\d{2}$/.test(value);
  const at = Date.parse(wholeDay ? `${value}T00:00:00Z` : value);
  if (Number.isNaN(at)) throw new BadRequest(`${value} is not a date`);
  const next = at + (wholeDay ? 86_400_000 : 1);
  switch (operator) {
    case '':
      return { from: at, to: wholeDay ? next : at + 1000 };
    case 'gt':
      return { from: next, to: Number.POSITIVE_INFINITY };
    case 'gte':
      return { from: at, to: Number.POSITIVE_INFINITY };
    case 'lt':
      return { from: Number.NEGATIVE_INFINITY, to: at };
    case 'lte':
      return { from: Number.NEGATIVE_INFINITY, to: next };
    default:
      throw new BadRequest(`${operator} is not an operator`);
  }
}

function intersect(a: Span | undefined, b: Span): Span {
  return a ? { from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) } : b;
}
