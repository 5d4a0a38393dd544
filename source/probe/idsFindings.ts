import { isDeepStrictEqual } from 'node:util';
import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { schemeOf } from '../paging';
import type { Source } from '../wire/source';
import type { Asker } from './asker';
import { goneButListed } from './goneButListed';
import { idsCoverFindings } from './idsCover';
import { pageOf, type SampledPage } from './sample';

const about = 'ids-list';

/** Of fewer records nothing is concluded: some may have changed between the two requests. */
const enough = 3;

/** Whether the listing `ids` shows the same records as `all`, and in the same state. */
export async function idsFindings(
  source: Source,
  entity: ConnectorEntity,
  asker: Asker,
  all: SampledPage,
): Promise<ProbeFinding[]> {
  const { ids } = entity.listings;
  if (ids === undefined || asker.left === 0) return [];
  if (schemeOf(ids.paging).asksItself) return [unexamined("a function reads 'ids'", null)];
  const answer = await asker.list(ids);
  const { request } = answer;
  const page = pageOf(entity, ids, answer, schemeOf(ids.paging).sized(ids.paging)?.size);
  if (typeof page === 'string') {
    const finding = `the listing 'ids' is not a list: ${page}`;
    // a failure of the source says nothing about the definition
    const verdict = answer.status >= 500 ? 'unknown' : 'contradicts';
    return [{ about, verdict, finding, request, line: 'listings.ids: { path: …, records: … }' }];
  }
  const listed = page.records.filter(({ tombstone }) => !tombstone);
  const unreadable = listed.find(({ id }) => id === undefined);
  if (unreadable !== undefined) {
    const finding = `a record of 'ids' has no id: ${unreadable.problem}`;
    return [{ about, verdict: 'contradicts', finding, request, line: 'listings.ids: { … }   // which shows the key' }];
  }
  const shown = { ...page, records: listed };
  // lists of different ranges hold different records
  const sameRange = isDeepStrictEqual(ids.covers, entity.listings.all.covers);
  return [
    ...versionFindings(entity, all, shown, ids.presenceOnly),
    ...(sameRange ? sameRecords(all, shown, request) : []),
    ...idsCoverFindings(source, entity, all, shown),
    ...(await goneButListed(entity, asker, all, shown)),
  ];
}

/** Whether versions in `ids` are there, and those of `all`. */
function versionFindings(
  { deltaSyncField }: ConnectorEntity,
  all: SampledPage,
  { records, answer: { request } }: SampledPage,
  presenceOnly: boolean,
): ProbeFinding[] {
  if (deltaSyncField === undefined || records.length < enough) return [];
  const versioned = records.filter(({ version }) => typeof version === 'string');
  if (presenceOnly) {
    if (versioned.length < records.length) return [];
    const finding = "every record of 'ids' has a version, so reconciliation could compare contents too";
    return [{ about, verdict: 'unknown', finding, request, line: 'ids: { … }   // without presenceOnly' }];
  }
  if (versioned.length === 0) {
    const finding = `no record of 'ids' has a '${deltaSyncField.name}': every row would be out of date in each reconciliation`;
    return [{ about, verdict: 'contradicts', finding, request, line: 'ids: { …, presenceOnly: true }' }];
  }
  const versions = new Map(all.records.map(({ id, version }) => [id, version]));
  const both = versioned.filter(({ id }) => typeof versions.get(id) === 'string');
  const other = both.filter(({ id, version }) => versions.get(id) !== version);
  if (both.length < enough) return [];
  if (other.length === both.length) {
    const [first] = other;
    const finding = `'ids' and 'all' show other versions of the same ${both.length} records, such as ${String(first?.version)} and ${String(versions.get(first?.id))}: every row would be out of date in each reconciliation`;
    return [{ about, verdict: 'contradicts', finding, request, line: 'ids: { …, presenceOnly: true }' }];
  }
  const verdict = other.length === 0 ? 'agrees' : 'unknown';
  const finding = `'ids' and 'all' show the same version of ${both.length - other.length} of ${both.length} records`;
  return [{ about, verdict, finding, request, line: null }];
}

/** Two lists of the same records: where both are whole, or both have a total. Some may come and go between the two requests. */
function sameRecords(all: SampledPage, ids: SampledPage, request: string): ProbeFinding[] {
  const whole = !all.more && !ids.more;
  if (!whole && (all.total === undefined || ids.total === undefined))
    return [unexamined('they have further pages, and not both have a total', request)];
  const inAll = whole ? live(all) : (all.total ?? 0);
  const inIds = whole ? ids.records.length : (ids.total ?? 0);
  const apart = Math.abs(inAll - inIds);
  const line = 'listings.ids: { … }   // which lists the same records';
  if (apart >= enough && apart * 10 > Math.max(inAll, inIds)) {
    const finding = `'all' lists ${inAll} records and 'ids' ${inIds}: the difference would be read, or asked about, in each reconciliation`;
    return [{ about, verdict: 'contradicts', finding, request, line }];
  }
  const finding = `'all' lists ${inAll} records and 'ids' ${inIds}`;
  return [{ about, verdict: apart === 0 ? 'agrees' : 'unknown', finding, request, line: null }];
}

function live({ records }: SampledPage): number {
  return records.filter(({ tombstone }) => !tombstone).length;
}

function unexamined(why: string, request: string | null): ProbeFinding {
  const finding = `whether 'ids' lists the same records as 'all' was not seen: ${why}`;
  return { about, verdict: 'unknown', finding, request, line: null };
}
