import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Feed } from '../../schema/definition/listings/feed';
import type { ListingName } from '../../schema/definition/listings/listing';
import type { ListOptions, SourcePage } from '../contract';
import { schemeOf } from '../paging';
import type { Source } from '../wire/source';
import { answersOf, listedIn } from './answers';
import { outsideOf } from './filter/filter';
import { refuseDislikedForm, trustFilter } from './filter/filterForm';
import { refuseUnfiltered } from './filter/otherClock';
import { type OpenListing, openListing } from './listReader';
import { tokenIn } from './token';
import { inWindows } from './windows';

/** The feed whose tokens a listing gives; undefined where it gives none. */
function feedOf({ listings }: ConnectorEntity, name: ListingName): Feed | undefined {
  const feed = listings.changes?.feed;
  return name === 'changes' || (name === 'all' && feed?.first === 'all') ? feed : undefined;
}

/** See SourceClient.streamAll. */
export async function* streamAll(
  source: Source,
  entity: ConnectorEntity,
  name: ListingName,
  options: ListOptions,
): AsyncGenerator<SourcePage, void, undefined> {
  const window = name === 'changes' ? entity.listings.changes?.since?.window : undefined;
  if (window === undefined || options.since === undefined) {
    yield* pagesOf(source, entity, name, openListing(source, entity, name, options), options);
    return;
  }
  const { sender } = source;
  yield* inWindows({
    ...{ since: options.since, options, window, now: sender.clock.received() },
    open: (inWindow) => {
      const listing = openListing(source, entity, name, inWindow);
      return { next: listing.filter?.range?.next ?? null, pages: pagesOf(source, entity, name, listing, inWindow) };
    },
    unusable: () =>
      sender.reporter.error(
        'Usage',
        { entity: entity.name, what: `listing '${name}'` },
        'its resume point is not one of a window',
        'The definition has changed since; start a new run',
      ),
  });
}

async function* pagesOf(
  source: Source,
  entity: ConnectorEntity,
  name: ListingName,
  { reader, filter, count }: OpenListing,
  options: ListOptions,
): AsyncGenerator<SourcePage, void, undefined> {
  const resume = options.resumePoint ?? null;
  const feed = feedOf(entity, name);
  let first = resume === null;
  for await (const { answer, records, next, end } of schemeOf(reader.paging).read(reader, resume)) {
    if (filter) {
      count.requests += await refuseUnfiltered(source, entity, records, { filter, options, reader });
      if (records.length > 0) trustFilter(source, entity, filter);
      else if (first) count.requests += await refuseDislikedForm(source, entity, filter, options, reader);
    }
    first = false;
    const { sent, received, bytes, sourceSent } = answer;
    const token = feed === undefined ? null : tokenIn(answer, feed.token, reader.broken);
    const { requests } = count;
    const outside = filter?.range === undefined ? 0 : outsideOf(entity, records, filter).outside;
    count.requests = 0;
    yield {
      ...{ sent, received, records, resumePoint: next, bytes, sourceSent, requests, end, token, outside },
      answers: () => answersOf(source, entity, { sent, received, records, sentAs: answer.sentAs }, options.parent),
      listed: () => listedIn(entity, records),
    };
  }
}
