import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { One } from '../../schema/definition/listings/listing';
import { valueAt } from '../../schema/json/json';
import { whyUnfit } from '../reading/byId/getById';
import type { Asker, Probed } from './asker';
import { pageOf, type SampledPage, spread } from './sample';

const about = 'ids-list';
const askedAtMost = 3;
/** What the findings after this one may cost. */
const leftForOthers = 10;

/**
 * Whether `one` shows what `ids` lists. Absence from `ids` is what makes a reconciliation ask `one`, so a deleted record that stays listed
 * is never soft-deleted; and one that was never written is requested by every reconciliation. Records that `all` showed too have been
 * compared with `one` already.
 */
export async function goneButListed(
  entity: ConnectorEntity,
  asker: Asker,
  all: SampledPage,
  ids: SampledPage,
): Promise<ProbeFinding[]> {
  const { one, ids: listing } = entity.listings;
  if (one === undefined || one.read !== undefined || listing === undefined) return [];
  const known = new Set(all.records.map(({ id }) => id));
  const listed = ids.records.flatMap(({ id, tombstone }) =>
    id === undefined || tombstone || whyUnfit(one, id) !== undefined ? [] : [id],
  );
  const asked = spread(
    listed.filter((id) => !known.has(id)),
    askedAtMost,
  );
  for (const id of asked) {
    if (asker.left < leftForOthers) return [];
    const answer = await asker.one(one, id);
    if (!isGone(entity, one, answer)) continue;
    // it may have been deleted between the two requests: a list that was sent later must lack it then
    const later = pageOf(entity, listing, await asker.list(listing));
    if (typeof later === 'string' || !later.records.some((record) => record.id === id && !record.tombstone)) return [];
    const finding = `'ids' lists record ${JSON.stringify(id)}, and alone it is gone (${answer.status}): a row of a deleted record would stay, or be requested by every reconciliation`;
    const line = 'listings.ids: { … }   // which leaves out what is deleted, or shows it as `gone.record`';
    return [{ about, verdict: 'contradicts', finding, request: answer.request, line }];
  }
  if (asked.length === 0) return [];
  const finding = `of ${asked.length} records that only 'ids' listed, 'one' says of none that it is gone`;
  return [{ about, verdict: 'agrees', finding, request: ids.answer.request, line: null }];
}

function isGone({ gone }: ConnectorEntity, one: One, { status, body }: Probed): boolean {
  if (gone.statuses.includes(status)) return true;
  if (status !== 200) return false;
  const record = valueAt(body, one.record);
  if (typeof record !== 'object' || record === null) return false;
  try {
    return gone.record?.(record as never) === true;
  } catch {
    return false;
  }
}
