import type { Attributes, InstantField } from '../../simulator/collection';
import type { ListQuery } from './query';
import { organization, type Resource, render } from './resources';

/** The records of one page, and how many the whole list has. */
export interface Selection {
  readonly total: number;
  readonly slots: readonly number[];
}

/**
 * Picks the page. Ordered and filtered by the same instant, as a sync does, it costs a search in the index and the page itself;
 * any other combination walks all records.
 */
export function select(resource: Resource, query: ListQuery): Selection {
  const { records } = resource;
  const direction = query.order?.direction ?? 1;
  const field = query.order?.field ?? 'created_at';
  if (field !== 'created_at' && field !== 'updated_at') return walk(resource, query, 'created_at', field);
  const others = [...query.spans.keys()].some((name) => name !== field);
  if (others || query.equals.length > 0) return walk(resource, query, field, undefined);
  const index = records.index(field);
  const span = query.spans.get(field);
  const first = span ? index.rankOf(span.from) : 0;
  // a filter leaves out the records without the instant, which are sorted as infinite
  const end = span ? index.rankOf(span.to) : index.size;
  const total = Math.max(0, end - first);
  const length = Math.max(0, Math.min(query.perPage, total - query.offset));
  const from = direction === 1 ? first + query.offset : end - 1 - query.offset;
  return { total, slots: index.slice(from, length, direction) };
}

function walk(resource: Resource, query: ListQuery, along: InstantField, sortBy: string | undefined): Selection {
  const { records } = resource;
  const index = records.index(along);
  let slots = index.slice(0, index.size).filter((slot) => {
    for (const [field, span] of query.spans) {
      const at = records.instant(slot, field);
      if (at < span.from || at >= span.to) return false;
    }
    if (query.equals.length === 0) return true;
    const attributes = resource.attributes(slot, records.state(slot));
    return query.equals.every(({ field, pattern }) =>
      matches(field === 'id' ? records.idOf(slot) : attributes[field], pattern),
    );
  });
  if (sortBy !== undefined) slots = sortedBy(resource, slots, sortBy);
  if (query.order?.direction === -1) slots.reverse();
  return { total: slots.length, slots: slots.slice(query.offset, query.offset + query.perPage) };
}

function sortedBy(resource: Resource, slots: number[], field: string): number[] {
  const value = (attributes: Attributes) => attributes[field] ?? null;
  return slots
    .map((slot) => ({ slot, key: value(resource.attributes(slot, resource.records.state(slot))) }))
    .sort((a, b) => {
      if (a.key === b.key) return a.slot - b.slot;
      if (a.key === null) return 1;
      if (b.key === null) return -1;
      return a.key < b.key ? -1 : 1;
    })
    .map(({ slot }) => slot);
}

/** docs overview/json-api: equality without regard to case, `%` at the beginning or end matching part of a string. */
function matches(value: unknown, pattern: string): boolean {
  const text = value === null || value === undefined ? '' : String(value).toLowerCase();
  const wanted = pattern.toLowerCase().replace(/^%|%$/g, '');
  if (pattern.startsWith('%')) return pattern.endsWith('%') ? text.includes(wanted) : text.endsWith(wanted);
  return pattern.endsWith('%') ? text.startsWith(wanted) : text === wanted;
}

/** Things about a list that a fault may falsify. */
export interface PageLies {
  readonly total?: number;
  /** the offset that `links.next` and `meta.next` give instead of the right one */
  readonly nextOffset?: number;
}

/** The body of a list: `links`, `data`, `included`, `meta`, as in the published examples. */
export function renderPage(resource: Resource, query: ListQuery, selection: Selection, url: URL, lies: PageLies = {}) {
  const total = lies.total ?? selection.total;
  const count = selection.slots.length;
  const hasNext = query.perPage > 0 && query.offset + query.perPage < total;
  const next = lies.nextOffset ?? (hasNext ? query.offset + query.perPage : undefined);
  const previous = query.offset > 0 ? Math.max(0, query.offset - query.perPage) : undefined;
  return {
    links: {
      self: url.href,
      ...(next === undefined ? {} : { next: withOffset(url, next) }),
      ...(previous === undefined ? {} : { prev: withOffset(url, previous) }),
    },
    data: selection.slots.map((slot) => render(resource, slot, url.origin, query.fields)),
    included: [],
    meta: {
      total_count: total,
      count,
      ...(next === undefined ? {} : { next: { offset: next } }),
      ...(previous === undefined ? {} : { prev: { offset: previous } }),
      can_order_by: resource.canOrderBy,
      can_query_by: resource.canQueryBy,
      can_include: resource.canInclude,
      parent: organization,
    },
  };
}

/** The body of one record. */
export function renderOne(resource: Resource, slot: number, url: URL, fields: ReadonlySet<string> | undefined) {
  return {
    data: render(resource, slot, url.origin, fields),
    included: [],
    meta: { can_include: resource.canInclude, parent: organization },
  };
}

function withOffset(url: URL, offset: number): string {
  const params = new URLSearchParams(url.search);
  params.set('offset', String(offset));
  params.sort();
  return `${url.origin}${url.pathname}?${params}`;
}
