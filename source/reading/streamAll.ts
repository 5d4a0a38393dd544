import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Feed } from '../../schema/definition/listings/feed';
import type { ListingName } from '../../schema/definition/listings/listing';
import type { ListOptions, SourcePage } from '../contract';
import { schemeOf } from '../paging';
import type { Source } from '../wire/source';
import { answersOf, listedIn } from './answers';
import { refuseDislikedForm, trustFilter } from './filter/filterForm';
import { refuseUnfiltered } from './filter/otherClock';
import { openListing } from './listReader';
import { tokenIn } from './token';

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
  const { reader, filter, count } = openListing(source, entity, name, options);
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
    count.requests = 0;
    yield {
      ...{ sent, received, records, resumePoint: next, bytes, sourceSent, requests, end, token },
      answers: () => answersOf(source, entity, { sent, received, records, sentAs: answer.sentAs }, options.parent),
      listed: () => listedIn(entity, records),
    };
  }
}
