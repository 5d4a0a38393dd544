import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Feed } from '../../schema/definition/listings/feed';
import {
  type ChangesListing,
  feedParam,
  type Listing,
  type ListingName,
} from '../../schema/definition/listings/listing';
import type { Since } from '../../schema/definition/listings/since';
import type { ParentPartition } from '../../schema/definition/partitions';
import { partitionFilling } from '../../schema/definition/partitions';
import { parseDuration } from '../../schema/duration';
import type { ListOptions } from '../contract';
import type { Query } from '../paging';
import type { Several } from '../wire/address';
import { withValueAt } from '../wire/body/jsonBody';
import { type Addressed, addressed } from '../wire/question';
import type { About } from '../wire/report';
import type { Source } from '../wire/source';
import { type FilterValue, filterValue, type RangeValue, rangeValue, untilValue } from './filter/cursorForm';

/** What a `changes` listing is filtered by. */
export interface Filter extends FilterValue {
  /** as messages name it, with its value: `'since'=2026-11-21` */
  readonly shown: string;
  /** undefined where the value is inside the request */
  readonly param: string | undefined;
  readonly form: Since['form'];
  /** path in the record to the field that the source filters by; undefined where that is the version */
  readonly field: string | undefined;
  /** of a filter with a window: its end, and the latest instant of a record in it */
  readonly range?: Pick<RangeValue, 'until' | 'latest' | 'next'>;
}

/** The listing's definition and the filter to send. Throws Usage where they don't fit the call. */
export function declaredListing(
  source: Source,
  entity: ConnectorEntity,
  name: ListingName,
  options: ListOptions,
  about: About,
): Declared {
  const usage = (problem: string, todo: string) => source.sender.reporter.error('Usage', about, problem, todo);
  const listing = entity.listings[name];
  if (!listing) throw usage('the entity has no such listing', `Add \`listings.${name}\` to its definition`);
  return { listing, ...askedSince(name === 'changes' ? entity.listings.changes : undefined, options, usage) };
}

/** What a listing of changes is asked since; nothing for another one. Throws Usage where that does not fit the call. */
export function askedSince(
  changes: ChangesListing | undefined,
  options: Pick<ListOptions, 'since' | 'token' | 'until'>,
  usage: (problem: string, todo: string) => Error,
): Omit<Declared, 'listing'> {
  const needs = { since: changes?.since !== undefined, token: changes?.feed !== undefined };
  for (const cursor of ['since', 'token'] as const) {
    if (needs[cursor] === (options[cursor] !== undefined)) continue;
    throw usage(
      `it was requested ${needs[cursor] ? 'without' : 'with'} a ${cursor === 'since' ? 'cursor' : 'token'}`,
      'Only `changes` takes one, and always: a cursor with `since`, a token with `feed`',
    );
  }
  if (changes?.feed && options.token !== undefined)
    return { filter: undefined, asked: { token: options.token, feed: changes.feed, param: feedParam(changes) } };
  if (!changes?.since || !options.since) return { filter: undefined };
  return { filter: filterSince(changes.since, options.since, options.until ?? new Date()) };
}

/** What is sent to read what changed since then; of a filter with a window up to `until`, as far as one request may reach. */
export function filterSince(since: Since, from: Date, until: Date): Filter {
  if (since.window === undefined) return filterOf(since, filterValue(since, from));
  const { since: value, ...range } = windowFrom(since, from.getTime(), until.getTime());
  return inRange(filterOf(since, value), range);
}

/** The filter with the end of its window, where it has one: at most `until`, in milliseconds since 1970. */
export function withWindow(since: Since, filter: Filter, until: number): Filter {
  return since.window === undefined ? filter : inRange(filter, windowFrom(since, filter.instant, until));
}

function windowFrom(since: Since, from: number, end: number): RangeValue {
  const atMost = since.window?.atMost;
  return rangeValue(since, { from, end, atMost: atMost === undefined ? undefined : parseDuration(atMost) });
}

function inRange(filter: Filter, { until, latest, next }: Omit<RangeValue, 'since'>): Filter {
  return { ...filter, range: { until, latest, next }, shown: `${filter.shown} and {until}=${until}` };
}

interface Declared {
  readonly listing: Listing;
  readonly filter: Filter | undefined;
  readonly asked?: AskedFeed;
}

/** The token that a feed goes on from, and how it is sent. */
export interface AskedFeed {
  readonly token: string;
  readonly feed: Feed;
  /** undefined where the token is inside the request */
  readonly param: string | undefined;
}

export function filterOf({ param, form, field }: Since, value: FilterValue): Filter {
  return { ...value, param, form, field, shown: `'${param ?? '{since}'}'=${value.text}` };
}

/** The first request of a listing, without the parameters of its paging. Throws Usage. */
export function listRequest(
  source: Source,
  listing: Listing,
  {
    partition,
    parent,
    filter,
    ids,
    asked,
    until: end,
  }: {
    readonly partition: string;
    readonly parent?: ParentPartition | undefined;
    readonly filter: Filter | undefined;
    readonly ids?: Several;
    readonly asked?: AskedFeed;
    /** what `{until}` stands for; default: the end of the filter's window, else the present */
    readonly until?: string | undefined;
  },
  about: About,
): Addressed {
  const { since } = listing as { since?: Since };
  const until = () => (since ? (end ?? filter?.range?.until ?? untilValue(since, source.sender.clock.received())) : '');
  const times = filter && since ? { since: filter.text, until: until() } : {};
  const token = asked && { since: asked.token };
  const request = addressed(
    source,
    listing,
    { ...partitionFilling(partition, parent), ...times, ...token, ...(ids && { ids }) },
    about,
  );
  if (asked?.param !== undefined) return withParams(listing, request, { [asked.param]: asked.token });
  return filter?.param === undefined ? request : withParams(listing, request, { [filter.param]: filter.text });
}

/** The request with further parameters, in its query or in its body as the listing says. */
export function withParams(listing: Listing, request: Addressed, query: Query): Addressed {
  if ((listing.params ?? (listing.method === 'POST' ? 'body' : 'query')) === 'body') {
    let { body } = request;
    for (const [path, value] of Object.entries(query)) body = withValueAt(body, path, value);
    return { ...request, body };
  }
  const url = new URL(request.url);
  for (const [parameter, value] of Object.entries(query)) url.searchParams.set(parameter, String(value));
  return { ...request, url };
}
