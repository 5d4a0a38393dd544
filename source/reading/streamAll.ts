import type { ConnectorEntity } from '../../schema/definition/connector';
import type { ListingName, Paging } from '../../schema/definition/listing';
import type { ListOptions, SourcePage } from '../contract';
import { type ListReader, schemeOf } from '../paging';
import type { Source } from '../wire/source';
import { answersOf, listedIn } from './answers';
import { olderThan } from './filter';
import { refuseDislikedForm, trustFilter } from './filterForm';
import { type Filter, openListing } from './listReader';

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
  for await (const { answer, records, next } of schemeOf(reader.paging).read(reader, resume)) {
    if (filter) {
      refuseUnfiltered(entity, records, filter, reader);
      if (records.length > 0) trustFilter(source, entity, filter);
      else if (first) count.requests += await refuseDislikedForm(source, entity, filter, options, reader);
    }
    first = false;
    const { sent, received, bytes, sourceSent } = answer;
    const { requests } = count;
    count.requests = 0;
    yield {
      ...{ sent, received, records, resumePoint: next, bytes, sourceSent, requests },
      answers: () => answersOf(source, entity, { sent, received, records, sentAs: answer.sentAs }),
      listed: () => listedIn(entity, records),
    };
  }
}

/** Invariant 11. Throws ContractBroken for a page of which more than half is older than the filter value that was sent. */
function refuseUnfiltered(
  entity: ConnectorEntity,
  records: readonly unknown[],
  filter: Filter,
  reader: ListReader<Paging>,
): void {
  const { older, readable } = olderThan(entity, records, filter.instant);
  if (older * 2 <= readable) return;
  throw reader.broken(
    `the filter is ignored: ${older} of ${readable} records are older than '${filter.param}'=${filter.text}`,
    'Check `since` of the listing: its parameter, its form, and whether this endpoint filters at all',
  );
}
