import type { ConnectorEntity } from '../../../schema/definition/connector';
import type { Paging } from '../../../schema/definition/listings/paging';
import { TidemarkError } from '../../../schema/errors';
import type { ListOptions } from '../../contract';
import { type ListReader, schemeOf } from '../../paging';
import type { Source } from '../../wire/source';
import { openListing } from '../listReader';
import type { Filter } from '../listRequest';
import { outsideOf } from './filter';

const day = 24 * 60 * 60 * 1000;
/** Until when a filter counts as one by another clock, by connection, entity and filter; for the life of the process. */
const provedUntil = new Map<string, number>();

/**
 * Invariant 11: more than half of a page is older than the filter value that was sent, or nothing in it tells its age. Either the source ignores the filter, or it
 * filters by another clock than the record's version, such as one that also counts what the system did. A source that filters by
 * any clock has nothing that was changed after tomorrow, and nothing of the first days of 1970 in a window of those, which one request shows,
 * once a day for each filter and process. Returns the number of requests. Throws ContractBroken where the filter is ignored.
 */
export async function refuseUnfiltered(
  source: Source,
  entity: ConnectorEntity,
  records: readonly unknown[],
  { filter, options, reader }: { filter: Filter; options: ListOptions; reader: ListReader<Paging> },
): Promise<number> {
  const { outside, readable } = outsideOf(entity, records, filter);
  const ageless = filter.field === undefined && entity.deltaSyncField === undefined && records.length > 0;
  if (!ageless && outside * 2 <= readable) return 0;
  const key = JSON.stringify([source.sender.lane, source.base.href, entity.name, filter.param, filter.form]);
  if (filter.field === undefined && (provedUntil.get(key) ?? 0) > performance.now()) return 0;
  const answer = filter.field === undefined ? await whereNothingIs(source, entity, options, filter) : undefined;
  // a source that refuses a day that has not come reads the value
  if (answer?.records === 0 || (ageless && answer === undefined)) {
    provedUntil.set(key, performance.now() + day);
    return answer?.requests ?? 1;
  }
  if (ageless) {
    const nothing = filter.range === undefined ? 'were changed after tomorrow' : 'belong to the first days of 1970';
    throw reader.broken(
      `the filter is ignored: ${answer?.records} records came that ${nothing}, by '${filter.param ?? '{since}'}'`,
      'Check `since` of the listing: its parameter, its form, and whether this endpoint filters at all',
    );
  }
  throw reader.broken(
    `the filter is ignored: ${outside} of ${readable} records are ${filter.range === undefined ? 'older than' : 'outside of the window'} ${filter.shown}`,
    `Check \`since\` of the listing: its parameter, its form, and whether this endpoint filters at all. ${
      filter.field === undefined
        ? 'If it filters by another field than the version, name that in `since.field`'
        : `Does it filter by '${filter.field}', as \`since.field\` says?`
    }`,
  );
}

/** Undefined where the source has no answer to it, which proves nothing. */
async function whereNothingIs(
  source: Source,
  entity: ConnectorEntity,
  { partition, parent, signal }: ListOptions,
  { range }: Filter,
): Promise<{ records: number; requests: number } | undefined> {
  // a window of days to come may hold what is booked ahead
  const when =
    range === undefined
      ? { since: new Date(Date.now() + 2 * day) }
      : { since: new Date(3 * day), until: new Date(4 * day) };
  const { reader, count } = openListing(source, entity, 'changes', { partition, parent, signal, ...when });
  try {
    const { value } = await schemeOf(reader.paging).read(reader, null).next();
    return { records: value?.records.length ?? 0, requests: count.requests };
  } catch (error) {
    if (error instanceof TidemarkError && error.recovery === 'contract') return undefined;
    throw error;
  }
}
