import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Listing } from '../../schema/definition/listings/listing';
import type { RelatedChanges } from '../../schema/definition/listings/relatedChanges';
import type { Related } from '../../schema/definition/related';
import { valueAt } from '../../schema/json/json';
import { schemeOf } from '../paging';
import { whyUnfitForSeveral } from '../reading/byId/readSeveral';
import { filterValue } from '../reading/filter/cursorForm';
import { olderByField } from '../reading/filter/filter';
import { filterOf } from '../reading/listRequest';
import { type FieldReader, fieldReader, usableKey } from '../record/fields';
import { Several } from '../wire/address';
import type { Asker, Probed } from './asker';
import { pageOf, type SampledPage } from './sample';

const about = 'related';
const day = 24 * 60 * 60 * 1000;

/** Requests that the related records of one kind take at most. */
const requestsOfKind = 6;

/** Whether the related records of the listed records are theirs, are all of theirs, and have what the definition reads of them. */
export async function relatedFindings(
  entity: ConnectorEntity,
  asker: Asker,
  all: SampledPage,
): Promise<ProbeFinding[]> {
  const parents = all.records.flatMap(({ id, tombstone }) => (id === undefined || tombstone ? [] : [id]));
  const findings: ProbeFinding[] = [];
  for (const [name, kind] of Object.entries(entity.related ?? {})) {
    const finding = kindOf(name);
    if (parents.length === 0)
      findings.push(finding('unknown', 'no record is listed whose related records could be read'));
    else if (asker.left < requestsOfKind)
      findings.push(finding('unknown', 'not examined: the probe has no requests left'));
    else {
      findings.push(...(await listingFindings(entity, asker, kind, { name, parents })));
      if (kind.changes !== undefined)
        findings.push(...(await changesFindings(entity, asker, kind, kind.changes, name)));
      if (kind.ids !== undefined) findings.push(...(await idsFindings(entity, asker, kind, name)));
    }
  }
  return findings;
}

type Finding = (
  verdict: ProbeFinding['verdict'],
  finding: string,
  shown?: { readonly request?: string; readonly line?: string },
) => ProbeFinding;

function kindOf(name: string): Finding {
  return (
    verdict,
    finding,
    { request = null, line = null }: { request?: string | null; line?: string | null } = {},
  ) => ({
    ...{ about, verdict, request, line },
    finding: `${name}: ${finding}`,
  });
}

/** A related record as far as it can be read: null where it cannot. */
interface Found {
  readonly parent: string | null;
  readonly key: string | null;
  readonly raw: unknown;
}

function readEach(
  records: readonly unknown[],
  { parent, key }: { readonly parent: unknown; readonly key: unknown },
): Found[] {
  const [parentOf, keyOf] = [fieldReader(parent as string | FieldReader), fieldReader(key as string | FieldReader)];
  const read = (of: FieldReader, raw: unknown) => {
    try {
      return usableKey(of(raw), 'id');
    } catch {
      return null;
    }
  };
  return records.map((raw) => ({ raw, parent: read(parentOf, raw), key: read(keyOf, raw) }));
}

async function listingFindings(
  entity: ConnectorEntity,
  asker: Asker,
  kind: Related,
  { name, parents }: { readonly name: string; readonly parents: readonly string[] },
): Promise<ProbeFinding[]> {
  const finding = kindOf(name);
  const { listing } = kind;
  if (schemeOf(listing.paging).asksItself)
    return [finding('unknown', 'a function reads them, so that they were not examined')];
  const unfit = parents.flatMap((id) => whyUnfitForSeveral(listing, id) ?? []);
  const fit = parents.filter((id) => whyUnfitForSeveral(listing, id) === undefined);
  const asked = fit.slice(0, listing.max);
  if (asked.length === 0) return [finding('contradicts', `no listed record can be asked for: ${unfit[0]}`)];
  const ask = async (ids: readonly string[]) => {
    const answer = await asker.list(listing, {}, undefined, { ids: new Several(ids, listing.separator) });
    return { answer, page: pageOf(entity, listing, answer, sizeOf(listing)) };
  };
  const { answer, page } = await ask(asked);
  const { request } = answer;
  if (typeof page === 'string') {
    const of = `of ${asked.length} records at once they cannot be read: ${page}`;
    const line = `related: { ${name}: { listing: { max: … } } }`;
    return [finding(isOutage(answer) ? 'unknown' : 'contradicts', of, { request, line })];
  }
  const found = readEach(page.raw, kind);
  if (found.length === 0) return [finding('unknown', `${asked.length} records have none`, { request })];
  const bad = unreadable(found, kind, finding, request);
  if (bad !== undefined) return [bad];
  const strangers = found.filter(({ parent }) => parent !== null && !asked.includes(parent));
  if (strangers.length > 0) {
    const of = `${strangers.length} of ${found.length} belong to records that were not asked for, such as ${JSON.stringify(strangers[0]?.parent)}`;
    if (strangers.length * 2 <= found.length) return [finding('unknown', of, { request })];
    return [finding('contradicts', `${of}: {ids} is ignored`, { request, line: "query: { …: '{ids}' }" })];
  }
  const of = `${found.length} related records of ${asked.length} records were read at once, each of one that was asked for`;
  return [
    ...unfit
      .slice(0, 1)
      .map((why) => finding('unknown', `not every record can be asked for together with others: ${why}`)),
    finding('agrees', of, { request }),
    ...(await completeness(kind, { finding, found, page, ask, asked })),
  ];
}

const sizeOf = ({ paging }: Pick<Listing, 'paging'>) => schemeOf(paging).sized(paging)?.size;

/** A failure of the source, which says nothing about the definition. */
const isOutage = ({ status }: Probed) => status >= 500;

interface Asking {
  readonly finding: Finding;
  readonly found: readonly Found[];
  readonly page: SampledPage;
  readonly asked: readonly string[];
  readonly ask: (ids: readonly string[]) => Promise<{ readonly answer: Probed; readonly page: SampledPage | string }>;
}

/** Whether a record's related records are the same when it is asked for alone: a source may cut what it shows of several. */
async function completeness(kind: Related, { finding, found, page, ask, asked }: Asking): Promise<ProbeFinding[]> {
  const last = found.at(-1)?.parent;
  if (page.more || last == null) return [];
  const { answer, page: single } = await ask([last]);
  if (typeof single === 'string') return [];
  const alone = readEach(single.raw, kind).filter(({ parent }) => parent === last);
  const lacks = (together: readonly Found[]) => {
    const known = new Set(together.map(pairOf));
    return alone.filter((one) => !known.has(pairOf(one)));
  };
  if (lacks(found).length === 0) return [];
  // one may have come between the two requests
  const { page: again } = await ask(asked);
  const missing = typeof again === 'string' || again.more ? [] : lacks(readEach(again.raw, kind));
  if (missing.length === 0) return [];
  const of = `of record ${JSON.stringify(last)}, ${missing.length} more come when it is asked for alone, although the page for several does not say that there is more`;
  return [finding('contradicts', of, { request: answer.request, line: 'listing: { …, max: …, paging: … }' })];
}

/** Related records are kept by their record and their own id. */
const pairOf = ({ parent, key }: Found) => JSON.stringify([parent, key]);

function unreadable(
  found: readonly Found[],
  kind: Related,
  finding: Finding,
  request: string,
): ProbeFinding | undefined {
  const without = (field: 'parent' | 'key') => found.filter((one) => one[field] === null).length;
  const [parents, keys] = [without('parent'), without('key')];
  if (parents * 2 > found.length) {
    const of = `${parents} of ${found.length} do not name the record that they belong to`;
    return finding('contradicts', of, { request, line: 'parent: …' });
  }
  const withKey = found.filter(({ key }) => key !== null);
  const twice = withKey.length - new Set(withKey.map(pairOf)).size;
  if (keys > 0 || twice > 0) {
    const of = keys > 0 ? `${keys} of ${found.length} have no id` : `${twice} of ${found.length} ids came twice`;
    return finding('contradicts', of, { request, line: 'key: …' });
  }
  const { version } = kind;
  if (version === undefined || found.some(({ raw }) => valueAt(raw, version) != null)) return undefined;
  return finding('contradicts', `none of ${found.length} has a '${version}'`, { request, line: 'version: …' });
}

/** Since a day that has not come nothing has changed, and what has changed names the record that it belongs to. */
async function changesFindings(
  entity: ConnectorEntity,
  asker: Asker,
  kind: Related,
  changes: RelatedChanges,
  name: string,
): Promise<ProbeFinding[]> {
  const finding = kindOf(name);
  const { since } = changes;
  if (since === undefined || schemeOf(changes.paging).asksItself)
    return [finding('unknown', "its 'changes' are not filtered by an instant: a delta shows whether they can be read")];
  const list = { ...changes, tabular: undefined };
  const ask = async (at: number) => {
    const answer = await asker.list(list, {}, filterOf(since, filterValue(since, new Date(at))));
    return { answer, page: pageOf(entity, list, answer, sizeOf(list)) };
  };
  const future = await ask(Date.now() + 2 * day);
  const { request, status } = future.answer;
  if (typeof future.page === 'string') {
    if (status >= 400 && status < 500)
      return [finding('unknown', `changes since a day in the future are refused with ${status}`, { request })];
    const verdict = isOutage(future.answer) ? 'unknown' : 'contradicts';
    return [finding(verdict, `'changes' cannot be read: ${future.page}`, { request, line: 'changes: { … }' })];
  }
  const { older } = olderByField(future.page.raw, Date.now() + day, since.field ?? '', since.timeZone);
  if (older > 0) {
    const of = `the filter of 'changes' is ignored: since a day in the future, ${older} older records were returned`;
    return [finding('contradicts', of, { request, line: 'changes: { …, since: { param: … } }' })];
  }
  const past = await ask(Date.now() - 365 * day);
  const shown = past.answer.request;
  if (typeof past.page === 'string')
    return [finding('unknown', `changes of a year are refused: ${past.page}`, { request: shown })];
  const found = readEach(past.page.raw, { parent: changes.parent ?? kind.parent, key: kind.key });
  if (found.length === 0) return [finding('unknown', 'nothing has changed within a year', { request: shown })];
  const without = found.filter(({ parent }) => parent === null).length;
  if (without * 2 > found.length) {
    const of = `${without} of ${found.length} changes do not name the record that they belong to`;
    return [finding('contradicts', of, { request: shown, line: 'changes: { …, parent: … }' })];
  }
  const { readable } = olderByField(past.page.raw, 0, since.field ?? '', since.timeZone);
  if (readable === 0) {
    const of = `none of ${found.length} changes has an instant at '${since.field}'`;
    return [finding('contradicts', of, { request: shown, line: 'changes: { …, since: { …, field: … } }' })];
  }
  return [
    finding('agrees', `the filter of 'changes' works, and ${found.length} changes name their records`, {
      request: shown,
    }),
  ];
}

/** Whether the list of all related records names what the others do. */
async function idsFindings(
  entity: ConnectorEntity,
  asker: Asker,
  kind: Related,
  name: string,
): Promise<ProbeFinding[]> {
  const finding = kindOf(name);
  const { ids } = kind;
  if (ids === undefined) return [];
  if (schemeOf(ids.paging).asksItself)
    return [finding('unknown', "a function reads its 'ids', so that they were not examined")];
  const answer = await asker.list({ ...ids, tabular: undefined });
  const { request } = answer;
  const page = pageOf(entity, { ...ids, tabular: undefined }, answer);
  if (typeof page === 'string')
    return [
      finding(isOutage(answer) ? 'unknown' : 'contradicts', `'ids' is not a list: ${page}`, {
        request,
        line: 'ids: { path: …, records: … }',
      }),
    ];
  const found = readEach(page.raw, { parent: ids.parent ?? kind.parent, key: kind.key });
  if (found.length === 0) return [finding('unknown', "'ids' lists none", { request })];
  return [
    unreadable(found, kind, (verdict, of, shown) => finding(verdict, `in 'ids', ${of}`, shown), request) ??
      finding('agrees', `'ids' lists ${found.length} with their records and ids`, { request }),
  ];
}
