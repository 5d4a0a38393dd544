import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { filteredBy, heldBackMs, type ListingName } from '../../schema/definition/listings/listing';
import { parseDuration } from '../../schema/duration';
import type { JsonObject } from '../../schema/json/json';
import { instantOfVersion } from '../../schema/version';
import { schemeOf } from '../paging';
import { filterValue } from '../reading/filter/cursorForm';
import { filterOf, withWindow } from '../reading/listRequest';
import { readRecord } from '../record/readRecord';
import type { Source } from '../wire/source';
import type { Asker, Probed } from './asker';
import { pageOf, type SampledPage, type SampledRecord } from './sample';

const about = 'held-back';
const day = 24 * 60 * 60 * 1000;
const lookBackDays = 7;
/** A list may be put together some time before its response is dated. */
const toleranceMs = 30_000;

/** A listing, when it was answered, and how it showed a record. */
interface Shown {
  readonly name: ListingName;
  readonly answer: Probed;
}

/**
 * A list that was answered without a change which another request shows, although the change was older than the cursor will be: the list
 * withholds its newest changes for longer than `heldBack` and `lookback` together, and deltas would lose them. Undefined where that is not so,
 * or the response has no date.
 *
 * @param at version of the change
 */
export function withheldTooLong(
  entity: ConnectorEntity,
  { name, answer }: Shown,
  { id, at, shownBy }: { readonly id: string; readonly at: string; readonly shownBy: string },
): ProbeFinding | undefined {
  const listing = entity.listings[name];
  const answered = Date.parse(answer.headers.date ?? '');
  if (entity.deltaSyncField?.kind !== 'instant' || listing === undefined || Number.isNaN(answered)) return undefined;
  const age = answered - instantOfVersion(at);
  if (age <= heldBackMs(listing) + parseDuration(entity.lookback) + toleranceMs) return undefined;
  const declared = listing.heldBack === undefined ? 'no `heldBack` is declared' : `\`heldBack\` is ${listing.heldBack}`;
  return {
    about,
    verdict: 'contradicts',
    finding: `'${name}' lacks a change of record ${JSON.stringify(id)} that was ${Math.round(age / 1000)} s old and that ${shownBy} shows: the list withholds its newest changes, and ${declared}, so deltas would lose them`,
    request: answer.request,
    line: `${name}: { …, heldBack: '${Math.ceil(age / 60_000)}m' }   // or longer`,
  };
}

/** What `all` and `changes` show of the same records, and how young the youngest record of `all` is. */
export async function heldBackFindings(
  source: Source,
  entity: ConnectorEntity,
  asker: Asker,
  all: SampledPage,
): Promise<ProbeFinding[]> {
  if (entity.deltaSyncField?.kind !== 'instant') return [];
  const changes = await changesPage(entity, asker);
  const found = changes === undefined ? [] : compared(source, entity, all, changes);
  return [...youngest(entity, all), ...found];
}

async function changesPage(entity: ConnectorEntity, asker: Asker): Promise<SampledPage | undefined> {
  const listing = filteredBy(entity.listings.changes);
  if (listing === undefined || schemeOf(listing.paging).asksItself || asker.left < 2) return undefined;
  const since = new Date(Math.floor(Date.now() / 1000) * 1000 - lookBackDays * day);
  const filter = filterOf(listing.since, filterValue(listing.since, since));
  const answer = await asker.list(listing, {}, withWindow(listing.since, filter, Date.now()));
  const page = pageOf(entity, listing, answer, schemeOf(listing.paging).sized(listing.paging)?.size);
  return typeof page === 'string' ? undefined : page;
}

function compared(source: Source, entity: ConnectorEntity, all: SampledPage, changes: SampledPage): ProbeFinding[] {
  const inChanges = new Map(changes.records.map((record) => [record.id, record]));
  const found = new Map<ListingName, ProbeFinding>();
  for (const record of all.records) {
    const other = record.id === undefined ? undefined : inChanges.get(record.id);
    if (record.id === undefined || other === undefined || !differ(source, entity, record, other)) continue;
    const [listed, changed] = [record.version ?? '', other.version ?? ''];
    const [name, at, shownBy] =
      listed < changed ? (['all', changed, "'changes'"] as const) : (['changes', listed, "'all'"] as const);
    const { answer } = name === 'all' ? all : changes;
    const finding = withheldTooLong(entity, { name, answer }, { id: record.id, at, shownBy });
    if (finding !== undefined && !found.has(name)) found.set(name, finding);
  }
  return [...found.values()];
}

/** Two states of a record. Versions that differ although the rows are equal are written otherwise, and no change. */
function differ({ connection }: Source, entity: ConnectorEntity, a: SampledRecord, b: SampledRecord): boolean {
  if (typeof a.version !== 'string' || typeof b.version !== 'string' || a.version === b.version) return false;
  const row = ({ raw }: SampledRecord): JsonObject | undefined => {
    const read = readRecord(entity, raw, { connection });
    return read.kind === 'live' ? (read.row as JsonObject) : undefined;
  };
  const [one, other] = [row(a), row(b)];
  return one !== undefined && other !== undefined && JSON.stringify(one) !== JSON.stringify(other);
}

/** A record younger than the list withholds shows that it withholds less. That loses nothing. */
function youngest(entity: ConnectorEntity, page: SampledPage): ProbeFinding[] {
  const { heldBack } = entity.listings.all;
  if (heldBack === undefined) return [];
  const versions = page.records.flatMap(({ version }) =>
    typeof version === 'string' ? [instantOfVersion(version)] : [],
  );
  const newest = versions.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const age = Date.now() - newest;
  const finding =
    age < heldBackMs(entity.listings.all)
      ? `the list shows a record that was changed ${Math.max(0, Math.round(age / 1000))} s ago: it withholds less than ${heldBack}`
      : `the newest record of the first page is older than ${heldBack}`;
  return [{ about, verdict: 'unknown', finding, request: page.answer.request, line: null }];
}
