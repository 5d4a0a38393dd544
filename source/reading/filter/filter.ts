import type { ConnectorEntity } from '../../../schema/definition/connector';
import { valueAt } from '../../../schema/json/json';
import { fieldsOf, versionOf } from '../../record/fields';
import { instantIn } from '../../record/instantIn';
import type { Filter } from '../listRequest';

/**
 * How many of the records have a version before `instant`, and how many have one that can be read at all. For entities
 * whose version is an instant; `instant` in milliseconds since 1970. `field`: the path to look at instead of the version.
 */
export function olderThan(
  entity: ConnectorEntity,
  records: readonly unknown[],
  instant: number,
  field?: string,
): { readonly older: number; readonly readable: number } {
  if (field !== undefined) return olderByField(records, instant, field, entity.listings.changes?.since?.timeZone);
  if (entity.deltaSyncField?.kind !== 'instant') return { older: 0, readable: 0 };
  const fields = fieldsOf(entity);
  // compared as encoded text: one encoding here instead of one decoding a record
  const border = new Date(instant).toISOString().slice(0, 23);
  let older = 0;
  let readable = 0;
  for (const record of records) {
    try {
      const version = versionOf(entity, fields, record);
      if (version === null) continue;
      readable += 1;
      if (version.slice(0, 23) < border) older += 1;
    } catch {
      // whatever an author's function throws at it: the record is set aside for that when it is read, and says nothing here
    }
  }
  return { older, readable };
}

/**
 * Of the records, how many are not what the filter asks for: older than it, or later than the end of its window; and how many can be judged at
 * all.
 */
export function outsideOf(
  entity: ConnectorEntity,
  records: readonly unknown[],
  { instant, field, range }: Filter,
): { readonly outside: number; readonly readable: number } {
  const { older, readable } = olderThan(entity, records, instant, field);
  if (range === undefined) return { outside: older, readable };
  const upTo = olderThan(entity, records, range.latest + 1, field);
  return { outside: older + readable - upTo.older, readable };
}

/** `olderThan` by the field at this path, read in this zone where it has none of its own. */
export function olderByField(
  records: readonly unknown[],
  instant: number,
  field: string,
  timeZone: string | undefined,
): { readonly older: number; readonly readable: number } {
  const instants = records.flatMap((record) => instantIn(valueAt(record, field), timeZone) ?? []);
  return { older: instants.filter((at) => at < instant).length, readable: instants.length };
}
