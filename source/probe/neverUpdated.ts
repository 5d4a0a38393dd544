import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { FilteredListing } from '../../schema/definition/listings/listing';
import { valueAt } from '../../schema/json/json';
import { instantOfVersion } from '../../schema/version';
import { schemeOf } from '../paging';
import { filterValue } from '../reading/filter/cursorForm';
import { filterOf, withWindow } from '../reading/listRequest';
import type { Asker } from './asker';
import { pageOf, type SampledPage } from './sample';

/** The path of the field that the source filters by; undefined where records have no version and the definition does not name it. */
export function ownField({ deltaSyncField }: ConnectorEntity, { since }: FilteredListing): string | undefined {
  const from = deltaSyncField?.from;
  return since.field ?? (typeof from === 'string' ? from : deltaSyncField?.name);
}

/**
 * Records that have a version only because `deltaSyncField.from` falls back to another field, such as the creation: a source that
 * filters by its own field leaves out those that were never updated, so that no delta sees a new record.
 */
export async function neverUpdatedFindings(
  entity: ConnectorEntity,
  asker: Asker,
  changes: FilteredListing,
  all: SampledPage,
): Promise<ProbeFinding[]> {
  const field = ownField(entity, changes);
  if (field === undefined) return [];
  const [record] = all.records.filter(
    ({ raw, version, tombstone, id }) =>
      valueAt(raw, field) === null && typeof version === 'string' && !tombstone && id !== undefined,
  );
  if (record === undefined || asker.left < 7) return [];
  // a tick before the record: the boundary, which is tested elsewhere, decides nothing here
  const since = { ...changes.since, boundary: 'exclusive' as const };
  const value = filterValue(since, new Date(instantOfVersion(record.version ?? '')));
  const answer = await asker.list(changes, {}, withWindow(since, filterOf(since, value), Date.now()));
  const page = pageOf(entity, changes, answer, schemeOf(changes.paging).sized(changes.paging)?.size);
  if (typeof page === 'string') return [];
  const { request } = answer;
  if (page.records.some(({ id }) => id === record.id)) {
    const finding = `a record whose '${field}' is null comes with the changes`;
    return [{ about: 'filter', verdict: 'agrees', finding, request, line: null }];
  }
  const finding = `record ${JSON.stringify(record.id)} was never updated: its '${field}' is null, and it is not among the changes since ${value.text}, when it was made`;
  const line = `query: { … }   // a filter by '${field}' or, where it is null, by the creation`;
  return [
    page.more
      ? { about: 'filter', verdict: 'unknown', finding: `${finding}; there are further pages`, request, line }
      : {
          about: 'filter',
          verdict: 'contradicts',
          finding: `${finding}: deltas would never see new records`,
          request,
          line,
        },
  ];
}
