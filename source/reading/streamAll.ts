import type { ConnectorEntity } from '../../schema/definition/connector';
import type { ListingName } from '../../schema/definition/listing';
import type { ListOptions, SourcePage } from '../contract';
import { schemeOf } from '../paging';
import type { Source } from '../wire/source';
import { answersOf, listedIn } from './answers';
import { refuseDislikedForm, trustFilter } from './filterForm';
import { openListing } from './listReader';
import { refuseUnfiltered } from './otherClock';

/** See SourceClient.streamAll. */
export async function* streamAll(
  source: Source,
  entity: ConnectorEntity,
  name: ListingName,
  options: ListOptions,
): AsyncGenerator<SourcePage, void, undefined> {
  const { reader, filter, count } = openListing(source, entity, name, options);
  const resume = options.resumePoint ?? null;
  let first = resume === null;
  for await (const { answer, records, next, end } of schemeOf(reader.paging).read(reader, resume)) {
    if (filter) {
      count.requests += await refuseUnfiltered(source, entity, records, { filter, options, reader });
      if (records.length > 0) trustFilter(source, entity, filter);
      else if (first) count.requests += await refuseDislikedForm(source, entity, filter, options, reader);
    }
    first = false;
    const { sent, received, bytes, sourceSent } = answer;
    const { requests } = count;
    count.requests = 0;
    yield {
      ...{ sent, received, records, resumePoint: next, bytes, sourceSent, requests, end },
      answers: () => answersOf(source, entity, { sent, received, records, sentAs: answer.sentAs }),
      listed: () => listedIn(entity, records),
    };
  }
}
