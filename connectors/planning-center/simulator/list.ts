import { type Fault, faultOf } from '../../simulator/faults';
import { type PageLies, renderPage, type Selection, select } from './page';
import { type ListQuery, parseListQuery } from './query';
import type { Resource } from './resources';

/** Answers a list request, spoiled by the faults that concern lists. Throws BadRequest. */
export function answerList(resource: Resource, url: URL, hidden: boolean, faults: readonly Fault[]) {
  const asked = parseListQuery(resource, url.searchParams);
  const query = spoiledQuery(asked, faults);
  const selection = spoiledSelection(resource, query, hidden, faults);
  const body = renderPage(resource, query, selection, url, lies(query, selection, faults));
  const first = body.data[0];
  if (first && faultOf(faults, 'doubleRecord')) body.data.push(first);
  return body;
}

function spoiledQuery(asked: ListQuery, faults: readonly Fault[]): ListQuery {
  const cap = faultOf(faults, 'capPageSize');
  return {
    ...asked,
    perPage: Math.min(asked.perPage, cap?.max ?? asked.perPage),
    ...(faultOf(faults, 'ignoreFilter') ? { spans: new Map(), equals: [] } : {}),
  };
}

function spoiledSelection(resource: Resource, query: ListQuery, hidden: boolean, faults: readonly Fault[]): Selection {
  const filtered = query.spans.size + query.equals.length > 0;
  if (hidden || faultOf(faults, 'emptyList') || (filtered && faultOf(faults, 'emptyFilter'))) {
    return { total: 0, slots: [] };
  }
  const selection = select(resource, query);
  const window = faultOf(faults, 'window');
  if (window) {
    return {
      total: Math.min(selection.total, window.max),
      slots: selection.slots.slice(0, Math.max(0, window.max - query.offset)),
    };
  }
  const short = faultOf(faults, 'shortPage');
  return short ? { ...selection, slots: selection.slots.slice(0, short.keep) } : selection;
}

function lies(query: ListQuery, selection: Selection, faults: readonly Fault[]): PageLies {
  const wrong = faultOf(faults, 'wrongTotal');
  return {
    ...(wrong ? { total: Math.max(0, selection.total + wrong.by) } : {}),
    ...(faultOf(faults, 'repeatNext') ? { nextOffset: query.offset } : {}),
  };
}
