import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { filteredBy } from '../../schema/definition/listings/listing';
import { instantOfVersion } from '../../schema/version';
import { schemeOf } from '../paging';
import { filterValue } from '../reading/filter/cursorForm';
import { filterOf, withWindow } from '../reading/listRequest';
import type { Asker } from './asker';
import { endOf } from './endFinding';
import { pageOf, type SampledPage } from './sample';

/** What this costs, and what comes after it. */
const requestsAtMost = 4;

/**
 * Whether the definition would notice that `changes` goes on: a list of its own, with a sign of its own. Asked is for what has changed since the
 * oldest record that `all` showed. An unread sign is reported for `all` only: few records change, and then no page says anything.
 */
export async function changesEndFindings(
  entity: ConnectorEntity,
  asker: Asker,
  all: SampledPage,
): Promise<ProbeFinding[]> {
  const listing = filteredBy(entity.listings.changes);
  if (listing === undefined || asker.left < requestsAtMost) return [];
  const versions = all.records.flatMap(({ version }) => (typeof version === 'string' ? [version] : [])).sort();
  const [oldest] = versions;
  if (oldest === undefined) return [];
  const value = filterValue(listing.since, new Date(instantOfVersion(oldest)));
  const filter = withWindow(listing.since, filterOf(listing.since, value), Math.max(Date.now(), value.instant));
  const ask = (query = {}) => asker.list(listing, query, filter);
  const page = pageOf(entity, listing, await ask(), schemeOf(listing.paging).sized(listing.paging)?.size);
  if (typeof page === 'string') return [];
  const found = await endOf(entity, { name: 'changes', listing, page, ask });
  return found.filter(({ verdict }) => verdict !== 'unknown');
}
