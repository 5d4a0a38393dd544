import type { ConnectorEntity } from '../../../schema/definition/connector';
import type { Paging } from '../../../schema/definition/listings/paging';
import { valueAt } from '../../../schema/json/json';
import { instantOfVersion } from '../../../schema/version';
import type { ListOptions } from '../../contract';
import { type ListReader, schemeOf } from '../../paging';
import { fieldsOf, versionOf } from '../../record/fields';
import { instantIn } from '../../record/instantIn';
import type { Source } from '../../wire/source';
import { openListing } from '../listReader';
import type { Filter } from '../listRequest';

/** A few records are enough to have one with a version. More than the longest overlap of pages. */
const probeSize = 60;
const hour = 60 * 60 * 1000;
const day = 24 * hour;

/** Until when a filter needs no further probe, by connection, entity and filter; for the life of the process. */
const trusted = new Map<string, number>();

const keyOfFilter = (source: Source, entity: ConnectorEntity, filter: Filter) =>
  `${source.sender.lane} ${entity.name} ${filter.param ?? '{since}'} ${filter.form}`;

/** The filter has let records through, so the source understands its form. */
export function trustFilter(source: Source, entity: ConnectorEntity, filter: Filter): void {
  trusted.set(keyOfFilter(source, entity, filter), performance.now() + 24 * hour);
}

/**
 * A `changes` listing that answers empty may have nothing to tell, or may not have liked the form of the timestamp: some
 * sources then answer an empty list instead of an error, forever. To tell them apart, a record is taken from `all` and
 * everything since its own version is asked for, which must find at least that record. Costs two requests, once a day for each
 * filter and process as long as nothing changes; no word is said where `all` is another endpoint, which may keep
 * changes for a shorter time. Returns the number of requests. Throws ContractBroken.
 */
export async function refuseDislikedForm(
  source: Source,
  entity: ConnectorEntity,
  filter: Filter,
  options: ListOptions,
  reader: ListReader<Paging>,
): Promise<number> {
  const { all, changes } = entity.listings;
  const key = keyOfFilter(source, entity, filter);
  const sized = schemeOf(all.paging).sized(all.paging);
  if (!changes || changes.path !== all.path || !sized) return 0;
  if ((trusted.get(key) ?? 0) > performance.now()) return 0;
  const probe = {
    partition: options.partition,
    parent: options.parent,
    signal: options.signal,
    pageSize: Math.min(sized.size ?? probeSize, probeSize),
  };
  let requests = 0;
  // twice, since the one record may have been deleted between the two requests
  for (let times = 0; times < 2; times += 1) {
    const sample = await firstPage(source, entity, 'all', probe);
    requests += sample.requests;
    const since = newest(entity, sample.records, filter);
    if (since === undefined) {
      trusted.set(key, performance.now() + hour);
      return requests;
    }
    const found = await firstPage(source, entity, 'changes', { ...probe, since });
    requests += found.requests;
    if (found.records.length > 0) {
      trustFilter(source, entity, filter);
      return requests;
    }
  }
  throw reader.broken(
    `the filter ${filter.shown} finds nothing, and neither does the version of a record that 'all' shows`,
    `Check the form of the timestamp ('${filter.form}') and the parameter; a cursor has to be written as the API writes its own timestamps`,
  );
}

async function firstPage(
  source: Source,
  entity: ConnectorEntity,
  name: 'all' | 'changes',
  options: ListOptions,
): Promise<{ records: readonly unknown[]; requests: number }> {
  const { reader, count } = openListing(source, entity, name, options);
  const { value } = await schemeOf(reader.paging).read(reader, null).next();
  return { records: value?.records ?? [], requests: count.requests };
}

/**
 * The newest instant among the records by which the source filters: their version, or in a window the field that is declared. Undefined where none
 * has one that can be read, and has passed.
 */
function newest(entity: ConnectorEntity, records: readonly unknown[], { field, range }: Filter): Date | undefined {
  if (field !== undefined && range !== undefined) {
    const { timeZone } = entity.listings.changes?.since ?? {};
    const past = records.flatMap((record) => {
      const at = instantIn(valueAt(record, field), timeZone);
      return at === null || at > range.latest - day ? [] : [at];
    });
    return past.length === 0 ? undefined : new Date(past.reduce((a, b) => Math.max(a, b)));
  }
  const fields = fieldsOf(entity);
  let found: string | undefined;
  for (const record of records) {
    try {
      const version = versionOf(entity, fields, record);
      if (version !== null && (found === undefined || version > found)) found = version;
    } catch {
      // it will be set aside for that when it is read
    }
  }
  return found === undefined ? undefined : new Date(instantOfVersion(found));
}
