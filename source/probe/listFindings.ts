import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { parseDuration } from '../../schema/duration';
import { valueAt } from '../../schema/json/json';
import { schemeOf } from '../paging';
import type { Source } from '../wire/source';
import type { Asker, Probed } from './asker';
import { endFinding } from './endFinding';
import { orderOf, pageOf, type SampledPage, sortable } from './sample';

/** Asks `all` twice, and once for larger pages. Undefined page: it is no list, so nothing further can be found out. */
export async function listFindings(
  source: Source,
  entity: ConnectorEntity,
  asker: Asker,
): Promise<{ findings: ProbeFinding[]; page: SampledPage | undefined }> {
  const listing = entity.listings.all;
  const answer = await asker.list(listing);
  const size = schemeOf(listing.paging).sized(listing.paging)?.size;
  const page = pageOf(entity, listing, answer, size);
  const { request } = answer;
  if (typeof page === 'string') {
    const finding = `the listing 'all' is not a list: ${page}`;
    return {
      findings: [
        { about: 'list', verdict: 'contradicts', finding, request, line: `listings.all: { path: …, records: … }` },
      ],
      page: undefined,
    };
  }
  const agrees = `the listing 'all' is a list: ${page.came} records${page.total === undefined ? '' : ` of ${page.total}`}`;
  const again = pageOf(entity, listing, await asker.list(listing), size);
  return {
    findings: [
      { about: 'list', verdict: 'agrees', finding: agrees, request, line: null },
      ...headersFinding(entity, page),
      ...whereFinding(entity, page),
      idFinding(entity, page),
      orderFinding(entity, page, again),
      await capFinding(entity, asker, page, size),
      ...(await endFinding(entity, asker, page)),
      rateLimitFinding(source, answer),
    ],
    page,
  };
}

/** Headers that the definition does not name; a needed one that is missing is no list. */
function headersFinding(
  { listings }: ConnectorEntity,
  { unknownHeaders, answer: { request } }: SampledPage,
): ProbeFinding[] {
  const { tabular } = listings.all;
  if (tabular === undefined) return [];
  const about = 'headers';
  if (unknownHeaders.length === 0)
    return [{ about, verdict: 'agrees', finding: 'every header is known', request, line: null }];
  const names = unknownHeaders.map((header) => `'${header.replaceAll("'", "\\'")}'`).join(', ');
  const finding = `every needed header is there, and further ones: ${names}`;
  const verdict = tabular.others === undefined ? 'agrees' : 'unknown';
  const known = (tabular.others ?? []).map((header) => `'${header}', `).join('');
  return [{ about, verdict, finding, request, line: `tabular: { …, others: [${known}${names}] }` }];
}

/** Whether `where` tells kinds apart: one that passes every record over would make an empty table. */
function whereFinding({ where }: ConnectorEntity, { records, came, answer: { request } }: SampledPage): ProbeFinding[] {
  if (where === undefined || came === 0) return [];
  const about = 'where';
  const finding = `${records.length} of ${came} records belong to the entity by its where`;
  if (records.length === 0) return [{ about, verdict: 'contradicts', finding, request, line: 'where: (r) => …' }];
  const verdict = records.length < came ? 'agrees' : 'unknown';
  return [{ about, verdict, finding, request, line: null }];
}

function idFinding({ key, duplicates }: ConnectorEntity, { records, answer: { request } }: SampledPage): ProbeFinding {
  const about = 'ids';
  const unreadable = records.find(({ id, tombstone }) => id === undefined && !tombstone);
  if (records.length === 0) return { about, verdict: 'unknown', finding: 'there are no records', request, line: null };
  if (unreadable) {
    return {
      about,
      verdict: 'contradicts',
      finding: `not every record has an id: ${unreadable.problem}`,
      request,
      line: 'key: …',
    };
  }
  const ids = records.map(({ id }) => id);
  const twice = ids.length - new Set(ids).size;
  if (twice > 0 && duplicates !== undefined) {
    const finding = `${twice} of ${ids.length} ids came twice in one page, of which the ${duplicates.keep} counts`;
    return { about, verdict: 'agrees', finding, request, line: null };
  }
  if (twice > 0) {
    return {
      about,
      verdict: 'contradicts',
      finding: `${twice} of ${ids.length} ids came twice in one page`,
      request,
      line: `key: …   // or duplicates: { keep: 'first' }`,
    };
  }
  const sorted = orderOf(sortable(ids));
  return {
    about,
    verdict: 'agrees',
    finding: `every record has an id of its own, such as ${JSON.stringify(ids[0])}; the page is ${sorted === undefined ? 'not sorted by it' : `sorted by it, ${sorted}`}`,
    request,
    line: typeof key === 'string' ? `key: '${key}'` : null,
  };
}

function orderFinding(entity: ConnectorEntity, page: SampledPage, again: SampledPage | string): ProbeFinding {
  const about = 'order';
  const { request } = page.answer;
  const { paging } = entity.listings.all;
  const order = [
    ['id', orderOf(sortable(page.records.map(({ id }) => id)))],
    [`'${entity.deltaSyncField?.name}'`, orderOf(page.records.map(({ version }) => version ?? undefined))],
  ].flatMap(([by, direction]) => (direction ? [`by ${by}, ${direction}`] : []));
  const told = order.length === 0 ? 'ordered by neither id nor version' : `ordered ${order.join(' and ')}`;
  const same = typeof again !== 'string' && sequence(again) === sequence(page);
  const moves = 'the same page asked twice came in another order';
  if (!same && page.more) {
    return {
      about,
      verdict: 'contradicts',
      finding: `${moves}, so pages overlap and lose records`,
      request,
      line: `query: { order: … }   // a field that never changes`,
    };
  }
  const sortedBy = schemeOf(paging).sortedBy(paging);
  if (sortedBy !== undefined && isUnsorted(page, sortedBy)) {
    return {
      about,
      verdict: 'contradicts',
      finding: `${told}, but pages follow each other by '${sortedBy}'`,
      request,
      line: `query: { order: '${sortedBy}' }`,
    };
  }
  return {
    about,
    verdict: same ? 'agrees' : 'unknown',
    finding: same ? `${told}; the same when asked twice` : moves,
    request,
    line: null,
  };
}

/** Newest first is an order too; of an empty page, or of fewer than three values, nothing is said. */
function isUnsorted({ records }: SampledPage, field: string): boolean {
  const values = records
    .map(({ raw }) => valueAt(raw, field))
    .map((value) => (value === undefined ? value : String(value)));
  return new Set(values).size >= 3 && orderOf(sortable(values)) === undefined;
}

function sequence({ records }: SampledPage): string {
  return JSON.stringify(records.map(({ id }) => id));
}

async function capFinding(
  entity: ConnectorEntity,
  asker: Asker,
  page: SampledPage,
  size: number | undefined,
): Promise<ProbeFinding> {
  const about = 'cap';
  const listing = entity.listings.all;
  const { paging } = listing;
  const sizeParam = schemeOf(paging).sized(paging)?.param;
  const { came } = page;
  if (sizeParam === undefined || size === undefined) {
    return {
      about,
      verdict: 'unknown',
      finding: `${came} came; the definition asks for no page size`,
      request: page.answer.request,
      line: null,
    };
  }
  if (came < size && page.more && page.total === undefined && 'next' in paging) {
    return {
      about,
      verdict: 'unknown',
      finding: `${size} were asked for and ${came} came, and the page names a next one: pages are capped, or the last page is empty`,
      request: page.answer.request,
      line: null,
    };
  }
  if (came < size && page.more) {
    return {
      about,
      verdict: 'contradicts',
      finding: `${size} were asked for and ${came} came although there are more: pages are capped`,
      request: page.answer.request,
      line: `pageSize: ${came}`,
    };
  }
  if (!page.more) {
    return {
      about,
      verdict: 'unknown',
      finding: `all ${came} fit into one page of ${size}`,
      request: page.answer.request,
      line: null,
    };
  }
  const wanted = size * 10;
  const answer = await asker.list(listing, { [sizeParam]: wanted });
  const larger = pageOf(entity, listing, answer, wanted);
  const { request } = answer;
  if (typeof larger === 'string') {
    return {
      about,
      verdict: 'agrees',
      finding: `pages of ${size} come whole; ${wanted} are refused (${answer.status})`,
      request,
      line: `pageSize: ${size}`,
    };
  }
  const most = larger.came;
  const capped = most < wanted && larger.more;
  const finding = capped
    ? `asked for ${wanted}, ${most} came: pages are capped at ${most}`
    : `pages of ${most} come whole`;
  return {
    about,
    verdict: 'agrees',
    finding: `${finding}; the definition asks for ${size}`,
    request,
    line: `pageSize: ${most}`,
  };
}

function rateLimitFinding(source: Source, { headers, request }: Probed): ProbeFinding {
  const about = 'rate-limit';
  const found = Object.entries(headers).filter(([name]) =>
    /rate-?limit|ratelimit|request-rate|retry-after/i.test(name),
  );
  const { rateLimit } = source.connector;
  if (found.length === 0) {
    const defined = rateLimit
      ? `; the definition keeps ${rateLimit.requests} in ${rateLimit.per}`
      : ', and the definition keeps none';
    return { about, verdict: 'unknown', finding: `no header names a rate limit${defined}`, request, line: null };
  }
  const number = (pattern: RegExp) => Number.parseInt(found.find(([name]) => pattern.test(name))?.[1] ?? '', 10);
  const [requests, seconds] = [number(/limit(-limit)?$/i), number(/period|window/i)];
  const told = found.map(([name, value]) => `${name}: ${value}`).join(', ');
  if (!(requests > 0 && seconds > 0))
    return { about, verdict: 'unknown', finding: `the headers say ${told}`, request, line: null };
  const tooFast =
    rateLimit !== undefined && rateLimit.requests / parseDuration(rateLimit.per) > requests / (seconds * 1000);
  const verdict = tooFast || rateLimit === undefined ? 'contradicts' : 'agrees';
  const kept = rateLimit
    ? `the definition keeps ${rateLimit.requests} in ${rateLimit.per}`
    : 'the definition keeps no limit';
  return {
    about,
    verdict,
    finding: `the headers say ${told}; ${kept}`,
    request,
    line: `rateLimit: { requests: ${requests}, per: '${seconds}s' }`,
  };
}
