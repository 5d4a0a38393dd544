import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Listing, ListingName } from '../../schema/definition/listings/listing';
import type { Paging } from '../../schema/definition/listings/paging';
import { type Query, schemeOf } from '../paging';
import { namesNext } from '../paging/next';
import { placeOfMore, speaksOfMore } from '../paging/proof/more';
import type { Asker, Probed } from './asker';
import { pageOf, type SampledPage } from './sample';

/** The flag that the definition looks for, where the page has nothing there although it names a next one. */
function missingFlag(paging: Paging, answer: Probed): string | undefined {
  if (!('next' in paging) || paging.more === undefined || speaksOfMore(answer, paging.more)) return undefined;
  return namesNext(answer, paging.next, paging.scheme === 'link') ? placeOfMore(paging.more) : undefined;
}

/** What sources call the flag that says whether a list goes on. */
const flagName = /^has_?more$|^has_?next(_?page)?$/i;

/** Path of a flag in the body that says that nothing follows, at its top or one level below. */
function deniedBy(body: unknown): string | undefined {
  for (const [name, value] of entriesOf(body)) {
    if (flagName.test(name) && value === false) return name;
    const inner = entriesOf(value).find(([nested, flag]) => flagName.test(nested) && flag === false);
    if (inner) return `${name}.${inner[0]}`;
  }
  return undefined;
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

/** A listing of which one page is known, and how it is asked for others. */
export interface Paged {
  readonly name: ListingName;
  readonly listing: Listing;
  readonly page: SampledPage;
  ask(query: Query): Promise<Probed>;
}

/** Whether the definition would notice that `all` goes on. No finding for schemes that need no sign. */
export function endFinding(entity: ConnectorEntity, asker: Asker, page: SampledPage): Promise<ProbeFinding[]> {
  const listing = entity.listings.all;
  return endOf(entity, { name: 'all', listing, page, ask: (query) => asker.list(listing, query) });
}

/**
 * Whether the definition would notice that a list goes on: where the first page says that it is the last, the same list is asked for in
 * pages of half its size, which must go on.
 */
export async function endOf(entity: ConnectorEntity, { name, listing, page, ask }: Paged): Promise<ProbeFinding[]> {
  const about = 'end';
  const { paging } = listing;
  const scheme = schemeOf(paging);
  const { answer, came } = page;
  const { request } = answer;
  const of = name === 'all' ? '' : `of '${name}', `;
  const where = name === 'all' ? 'paging' : `${name}: { …, paging`;
  const close = name === 'all' ? '' : ' }';
  const promised = scheme.promises(paging, answer);
  if (promised === undefined || scheme.pagesFor(paging, 1_000_000) === 1) return [];
  const flag = missingFlag(paging, answer);
  if (flag !== undefined) {
    const finding = `${of}the first page names a next one, but has nothing at '${flag}', which says whether the list goes on`;
    return [{ about, verdict: 'contradicts', finding, request, line: `${where}: { …, more: … }${close}` }];
  }
  const denied = promised ? deniedBy(answer.body) : undefined;
  if (denied !== undefined) {
    const finding = `${of}the first page names a next one, but its '${denied}' is false: the source names one with the last page too`;
    return [{ about, verdict: 'contradicts', finding, request, line: `${where}: { …, more: '${denied}' }${close}` }];
  }
  if (promised)
    return [{ about, verdict: 'agrees', finding: `${of}the first page says that there are more`, request, line: null }];
  const sized = scheme.sized(paging);
  const half = Math.floor(came / 2);
  const unknown = (finding: string): ProbeFinding[] => [
    { about, verdict: 'unknown', finding: `${of}${finding}`, request, line: null },
  ];
  if (sized === undefined) return unknown('no page says that there are more, and no smaller one can be asked for');
  if (half === 0) return unknown(`${came} records came: too few to see a list go on`);
  const smaller = await ask({ [sized.param]: half });
  const halved = pageOf(entity, listing, smaller, half);
  if (typeof halved === 'string') return unknown(`pages of ${half} are refused (${smaller.status})`);
  if (scheme.promises(paging, smaller))
    return [
      {
        about,
        verdict: 'agrees',
        finding: `${of}asked for ${half}, the source says that there are more`,
        request: smaller.request,
        line: null,
      },
    ];
  if (halved.came !== half) return unknown(`asked for ${half}, ${halved.came} came`);
  return [
    {
      about,
      verdict: 'contradicts',
      finding: `${of}${came} came, then ${half} when ${half} were asked for, and neither page says that there are more: every list would end after its first page`,
      request: smaller.request,
      line: `${where}: { scheme: '${paging.scheme}', … }${close}   // where this API names the next page`,
    },
  ];
}
