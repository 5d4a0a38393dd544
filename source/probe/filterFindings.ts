import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { type FilteredListing, filteredBy } from '../../schema/definition/listings/listing';
import { instantOfVersion } from '../../schema/version';
import { schemeOf } from '../paging';
import { type FilterValue, filterValue } from '../reading/filter/cursorForm';
import { olderThan } from '../reading/filter/filter';
import { filterOf, withWindow } from '../reading/listRequest';
import { emptied } from '../record/emptied';
import type { Asker } from './asker';
import { neverUpdatedFindings } from './neverUpdated';
import { errorKey, orderOf, pageOf, type SampledPage } from './sample';

const day = 24 * 60 * 60 * 1000;
/** At most this many pages are requested to come to the end of what changed since a record. */
const pagesAtMost = 4;

/** Whether `changes` filters at all, whether its boundary is in, and what it makes of a value that is no timestamp. */
export async function filterFindings(entity: ConnectorEntity, asker: Asker, all: SampledPage): Promise<ProbeFinding[]> {
  const changes = filteredBy(entity.listings.changes);
  if (entity.listings.changes?.feed !== undefined) {
    return [
      {
        about: 'filter',
        verdict: 'unknown',
        finding: "'changes' goes on from a token of the source, which filters nothing: a delta shows whether it does",
        request: null,
        line: null,
      },
    ];
  }
  if (!changes) {
    return [
      {
        about: 'filter',
        verdict: 'unknown',
        finding: `the entity has no listing 'changes': every delta reads everything`,
        request: null,
        line: null,
      },
    ];
  }
  const honoured = await futureFinding(entity, asker, changes);
  if (honoured.verdict === 'contradicts') return [honoured];
  return [
    honoured,
    ...(await boundaryFindings(entity, asker, changes, all, honoured.verdict === 'agrees')),
    ...(await neverUpdatedFindings(entity, asker, changes, all)),
    ...(await tombstoneFindings(entity, asker, changes)),
    await nonsenseFinding(entity, asker, changes),
  ];
}

function ask(asker: Asker, listing: FilteredListing, value: FilterValue) {
  const filter = filterOf(listing.since, value);
  return asker.list(listing, {}, withWindow(listing.since, filter, Math.max(Date.now(), value.instant + day)));
}
const sizeOf = ({ paging }: FilteredListing) => schemeOf(paging).sized(paging)?.size;

/** Nothing has been changed after the day after tomorrow. */
async function futureFinding(entity: ConnectorEntity, asker: Asker, changes: FilteredListing): Promise<ProbeFinding> {
  const about = 'filter';
  const value = filterValue(changes.since, new Date(Date.now() + 2 * day));
  const { text, instant } = value;
  const answer = await ask(asker, changes, value);
  const { request } = answer;
  const page = pageOf(entity, changes, answer, sizeOf(changes));
  const line = `since: { param: '${changes.since.param ?? '{since}'}', … }`;
  if (answer.status >= 400 && answer.status < 500) {
    const finding = `a filter value in the future (${text}) is refused with ${answer.status}, which says nothing about those that have passed`;
    return { about, verdict: 'unknown', finding, request, line: null };
  }
  if (typeof page === 'string')
    return { about, verdict: 'contradicts', finding: `'changes' cannot be read: ${page}`, request, line };
  const { older } = olderThan(
    entity,
    page.records.map(({ raw }) => raw),
    instant,
    changes.since.field,
  );
  if (older > 0) {
    return {
      about,
      verdict: 'contradicts',
      finding: `the filter is ignored: since ${text}, which is in the future, ${older} older records were returned`,
      request,
      line,
    };
  }
  return {
    about,
    verdict: 'agrees',
    finding: `the filter is honoured: since ${text}, which is in the future, ${page.records.length} records were returned`,
    request,
    line,
  };
}

/** Asks since the version of a record that `all` showed: that record comes where the boundary is in. */
async function boundaryFindings(
  entity: ConnectorEntity,
  asker: Asker,
  changes: FilteredListing,
  all: SampledPage,
  honoured: boolean,
): Promise<ProbeFinding[]> {
  const about = 'boundary';
  const versions = all.records
    .flatMap(({ version, tombstone }) => (typeof version === 'string' && !tombstone ? [version] : []))
    .sort();
  const newest = versions.at(-1);
  if (newest === undefined)
    return [{ about, verdict: 'unknown', finding: 'no record has a version to ask from', request: null, line: null }];
  let version = newest;
  for (let pages = 0; pages < pagesAtMost && asker.left > 6; pages += 1) {
    const value = filterValue({ ...changes.since, boundary: 'inclusive' }, new Date(instantOfVersion(version)));
    const { text, instant } = value;
    const answer = await ask(asker, changes, value);
    const { request } = answer;
    const page = pageOf(entity, changes, answer, sizeOf(changes));
    if (typeof page === 'string')
      return [{ about, verdict: 'contradicts', finding: `'changes' cannot be read: ${page}`, request, line: null }];
    const { older, readable } = olderThan(
      entity,
      page.records.map(({ raw }) => raw),
      instant,
      changes.since.field,
    );
    if (older * 2 > readable && !honoured) {
      return [
        {
          about: 'filter',
          verdict: 'contradicts',
          finding: `the filter is ignored: ${older} of ${readable} records are older than ${text}`,
          request,
          line: `since: { param: '${changes.since.param ?? '{since}'}', … }`,
        },
      ];
    }
    const found = page.records.map((record) => record.version ?? undefined);
    const order = orderOf(found);
    const ordered =
      order === undefined
        ? []
        : [
            {
              about: 'order',
              verdict: 'agrees' as const,
              finding: `'changes' is ordered by version, ${order}`,
              request,
              line: null,
            },
          ];
    if (found.includes(version)) {
      const line = `since: { …, boundary: 'inclusive' }`;
      return [
        {
          about,
          verdict: 'agrees',
          finding: `the boundary is inclusive: since ${text}, the record changed at that instant was returned`,
          request,
          line,
        },
        ...ordered,
      ];
    }
    if (!page.more || (order === 'ascending' && reaches(found, version)))
      return [...lost(changes, text, request, page.records.length), ...ordered];
    version = [...found].sort().findLast((one) => one !== undefined) ?? version;
  }
  return [
    {
      about,
      verdict: 'unknown',
      finding: `too much changes: no page showed the record whose version was sent`,
      request: null,
      line: null,
    },
  ];
}

/** Whether a page in ascending order has come to what is newer than a version: that version would have come before. */
const reaches = (found: readonly (string | undefined)[], version: string) =>
  found.some((one) => one !== undefined && one > version);

function lost(changes: FilteredListing, text: string, request: string, came: number): ProbeFinding[] {
  const about = 'boundary';
  const line = `since: { …, boundary: 'exclusive' }`;
  const silent = came === 0 ? ' (nothing was returned at all: does the API accept this form of timestamp?)' : '';
  const finding = `the boundary is exclusive: since ${text}, the record changed at that instant was not returned${silent}`;
  return [
    { about, verdict: changes.since.boundary === 'exclusive' ? 'agrees' : 'contradicts', finding, request, line },
  ];
}

/** How far back `changes` is looked through for tombstones: one page. */
const lookBackDays = 7;

/** Tombstones among the changes that the definition does not know as such: each would leave a live row without content. */
async function tombstoneFindings(
  entity: ConnectorEntity,
  asker: Asker,
  changes: FilteredListing,
): Promise<ProbeFinding[]> {
  if (asker.left < 7) return [];
  const since = new Date(Math.floor(Date.now() / 1000) * 1000 - lookBackDays * day);
  const answer = await ask(asker, changes, filterValue(changes.since, since));
  const page = pageOf(entity, changes, answer, sizeOf(changes));
  if (typeof page === 'string') return [];
  const about = 'deleted';
  const { request } = answer;
  const known = page.records.find(({ tombstone }) => tombstone);
  if (known) {
    const finding = `'changes' shows tombstones, such as ${JSON.stringify(known.id)}`;
    return [{ about, verdict: 'agrees', finding, request, line: 'gone: { record: … }' }];
  }
  for (const { raw, id } of page.records) {
    const doubt = typeof raw === 'object' && raw !== null ? emptied(raw, {}) : undefined;
    if (doubt === undefined) continue;
    const finding = `'changes' shows record ${JSON.stringify(id)}, and ${doubt}`;
    return [{ about, verdict: 'contradicts', finding, request, line: 'gone: { record: (r) => … }' }];
  }
  return [];
}

/** A value that is no timestamp: an honest source refuses it. */
async function nonsenseFinding(entity: ConnectorEntity, asker: Asker, changes: FilteredListing): Promise<ProbeFinding> {
  const about = 'errors';
  const answer = await ask(asker, changes, { text: 'tidemark-probe', instant: 0 });
  const { request, status, body } = answer;
  if (status >= 400)
    return {
      about,
      verdict: 'agrees',
      finding: `an invalid filter value is rejected with ${status}`,
      request,
      line: null,
    };
  const named = errorKey(body);
  const page = pageOf(entity, changes, answer, sizeOf(changes));
  if (named !== undefined && changes.error === undefined) {
    return {
      about,
      verdict: 'contradicts',
      finding: `errors hide behind ${status}: "${answer.excerpt}"`,
      request,
      line: `error: '${named}'`,
    };
  }
  if (typeof page === 'string')
    return { about, verdict: 'agrees', finding: `an invalid filter value is rejected: ${page}`, request, line: null };
  return {
    about,
    verdict: 'unknown',
    finding: `an invalid filter value is accepted silently, and ${page.records.length} records are returned`,
    request,
    line: null,
  };
}
