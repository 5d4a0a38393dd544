import { parseDuration } from '../../duration';
import { isFrom } from '../partitions';
import { placeholdersIn } from '../placeholders';
import type { Covers } from './covers';
import type { Report, ReportRequest, ReportWindow } from './report';
import { tabularMistakes } from './tabular';

interface ReportListing {
  readonly report?: Report | undefined;
  readonly paging: { readonly scheme: string };
  readonly total?: unknown;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly body?: unknown;
  readonly since?: { readonly param?: string | undefined; readonly window?: object | undefined } | undefined;
  readonly feed?: object | undefined;
  readonly covers?: Covers | undefined;
}

/** Of an entity, what a report does not go with. */
interface ReportEntity {
  readonly listings: Readonly<Record<string, object | undefined>> & {
    readonly [L in 'all' | 'changes' | 'ids']?: ReportListing | undefined;
  };
  readonly partitions: unknown;
  readonly related?: object | undefined;
  readonly duplicates?: { readonly keep: string } | undefined;
}

/** What is wrong with the reports of an entity's listings, one line each with its path. */
export function reportMistakes(where: string, entity: ReportEntity): string[] {
  const { all, changes, ids } = entity.listings;
  return Object.entries({ all, changes, ids }).flatMap(([name, list]) => {
    if (list?.report === undefined) return [];
    const at = `${where}.listings.${name}`;
    return [...togetherMistakes(where, `${at}.report`, entity), ...mistakesOf(at, name, list, list.report)];
  });
}

/** A job for each parent would be a thousand jobs; what belongs to a row is read with its page, and a document is older than that. */
function togetherMistakes(where: string, at: string, { partitions, related, duplicates }: ReportEntity): string[] {
  const found: string[] = [];
  if (isFrom(partitions))
    found.push(`${at}: an entity whose partitions are records of another entity cannot be read from a report`);
  if (related !== undefined) found.push(`${at}: an entity with \`related\` cannot be read from a report`);
  if (duplicates !== undefined && duplicates.keep !== 'newest')
    found.push(
      `${where}.duplicates.keep: '${duplicates.keep}' needs an order, which a document that is made again does not keep; keep 'newest'`,
    );
  return found;
}

function mistakesOf(at: string, name: string, list: ReportListing, report: Report): string[] {
  const found: string[] = [];
  const { capped, start, poll, link, document, window, find } = report;
  if (list.paging.scheme !== 'none')
    found.push(`${at}.paging: a report is one document, so paging is { scheme: 'none' }`);
  if (list.feed !== undefined) found.push(`${at}.feed: a report gives no tokens; filter it with \`since\``);
  if (list.since?.window !== undefined)
    found.push(`${at}.since.window: the range of a report is declared as \`report.window\``);
  if ((capped === undefined) !== (start === undefined))
    found.push(`${at}.report.start: goes with \`capped\`; without both, the listing's own request starts the job`);
  if (capped === 'total' && list.total === undefined)
    found.push(`${at}.report.capped: 'total' needs the listing's \`total\``);
  const has = (request: ReportRequest | undefined, placeholder: string) =>
    request !== undefined && placeholdersIn(request).some(([, one]) => one === placeholder);
  if (name === 'changes' && start !== undefined && list.since?.param === undefined && !has(start, 'since'))
    found.push(`${at}.report.start: must contain {since}, as the listing's own request does`);
  if (!has(poll.request, 'job')) found.push(`${at}.report.poll.request: must contain {job}`);
  if (link.request !== undefined && !has(link.request, 'document') && !has(link.request, 'job'))
    found.push(`${at}.report.link.request: must contain {document} or {job}`);
  if (has(link.request, 'document') && link.document === undefined)
    found.push(`${at}.report.link.document: missing, and the request needs {document}`);
  for (const [part, request] of Object.entries({
    start,
    poll: poll.request,
    link: link.request,
    find: find?.request,
  })) {
    if (request?.body !== undefined && request.method === 'GET')
      found.push(`${at}.report.${part}.body: a body is sent with method 'POST' only`);
  }
  found.push(...repeatedStates(`${at}.report.poll`, poll));
  const isJson = document.format === 'json';
  if ((document.format === 'csv' || document.format === 'tsv') && document.tabular === undefined)
    found.push(`${at}.report.document.tabular: missing; ${document.format} has headers, and they are checked`);
  if (isJson && document.tabular?.headers === '')
    found.push(`${at}.report.document.tabular.headers: missing, the path to the headers in the document`);
  if (!isJson && document.total !== undefined)
    found.push(`${at}.report.document.total: only a json document contains its total; see \`poll.total\``);
  if (!isJson && poll.total === undefined && link.compression === undefined)
    found.push(
      `${at}.report.document: nothing proves the end of ${document.format}; declare \`poll.total\` or \`link.compression\``,
    );
  if (document.tabular) found.push(...tabularMistakes(`${at}.report.document.tabular`, document.tabular));
  if (name !== 'changes' && window !== undefined && window.from === undefined)
    found.push(`${at}.report.window.from: missing; it says where the range of '${name}' begins`);
  if (name !== 'changes' && window !== undefined) found.push(...coverMistakes(at, list.covers, window));
  if (name === 'changes' && window?.from !== undefined)
    found.push(`${at}.report.window.from: the range of 'changes' begins at the cursor`);
  return found;
}

/** A list of everything that is a range of it only: a row outside of that range would look deleted, a few more of them every day. */
function coverMistakes(at: string, covers: Covers | undefined, { from, to }: ReportWindow): string[] {
  if (covers === undefined)
    return [`${at}.covers: missing; the report shows a range only, and a row outside of it is not deleted for that`];
  const found: string[] = [];
  if (from !== undefined && (covers.from === undefined || parseDuration(covers.from) > parseDuration(from)))
    found.push(`${at}.covers.from: must be at most ${from}, where \`report.window\` begins`);
  const day = 24 * 60 * 60 * 1000;
  const lacksToday = covers.to === 'today' || (covers.to !== undefined && parseDuration(covers.to) >= day);
  if (to === 'today' && !lacksToday) found.push(`${at}.covers.to: must be 'today', where \`report.window\` ends`);
  return found;
}

/** A state means one thing. */
function repeatedStates(at: string, poll: Report['poll']): string[] {
  const meaning = new Map<string, string>();
  return (['pending', 'done', 'empty', 'failed'] as const).flatMap((kind) =>
    poll[kind].flatMap((state) => {
      const before = meaning.get(String(state));
      meaning.set(String(state), kind);
      return before === undefined ? [] : [`${at}.${kind}: the state '${state}' is in ${before} already`];
    }),
  );
}
