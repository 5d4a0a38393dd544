import type { ConnectorEntity } from '../../../schema/definition/connector';
import type { Listing } from '../../../schema/definition/listings/listing';
import type { Paging } from '../../../schema/definition/listings/paging';
import type { ListReader } from '../../paging';
import { type FieldReader, fieldReader, usableKey } from '../../record/fields';
import type { Source } from '../../wire/source';
import { listReader } from '../listReader';
import type { AskedFeed, Filter } from '../listRequest';

/** A list of related records of all records. */
export interface RelatedList {
  readonly listing: Listing;
  /** as errors name it */
  readonly what: string;
  /** `changes` for a list that may say that nothing has changed */
  readonly name: string;
  readonly filter: Filter | undefined;
  readonly asked?: AskedFeed;
  readonly changedSince?: ListReader<Paging>['changedSince'];
  readonly resumed: boolean;
  readonly signal: AbortSignal;
}

/** The reader of such a list, which adds the requests that it sends to `count`. Throws Usage. */
export function relatedListReader(
  source: Source,
  entity: ConnectorEntity,
  { what, changedSince = () => 0, ...list }: RelatedList,
  count: { requests: number },
): ListReader<Paging> {
  return listReader(
    source,
    {
      ...list,
      ...{ about: { entity: entity.name, what }, partition: '', pageSize: undefined, changedSince },
      // these records have ids of their own, which the entity's `key` does not read
      identity: (record) => JSON.stringify(record) ?? '',
    },
    count,
  );
}

/**
 * The id of the record that each of these belongs to; null for one that names none, such as a contact of a supplier. Throws ContractBroken where
 * most of them do not: the path is wrong.
 */
export function parentsOf(
  reader: Pick<ListReader<Paging>, 'broken'>,
  from: string | FieldReader,
  records: readonly unknown[],
): (string | null)[] {
  const read = fieldReader(from);
  const parents = records.map((record) => {
    try {
      return usableKey(read(record), 'parent');
    } catch {
      return null;
    }
  });
  const without = parents.filter((parent) => parent === null).length;
  if (without > records.length / 2) {
    throw reader.broken(
      `${without} of ${records.length} records do not name the record that they belong to`,
      'Check `parent`: it must lead to the id of that record',
    );
  }
  return parents;
}
