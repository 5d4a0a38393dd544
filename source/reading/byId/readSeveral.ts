import type { Asked } from '../../../schema/answer';
import type { SeveralListing } from '../../../schema/definition/listings/several';
import { placeholdersIn } from '../../../schema/definition/placeholders';
import { type ListAnswer, type ListEnd, schemeOf } from '../../paging';
import { fitsPath, Several } from '../../wire/address';
import { short } from '../../wire/report';
import type { Source } from '../../wire/source';
import { listReader } from '../listReader';

/** What belongs to several ids, such as the contacts of 25 customers. */
export interface SeveralRequest {
  readonly listing: SeveralListing;
  /** at least one, at most `listing.max`, none of them twice */
  readonly ids: readonly string[];
  /** the value of `{partition}`; '' where there is none */
  readonly partition: string;
  /** the entity that errors name */
  readonly entity: string;
  /** what is asked for, as errors name it: `related 'contacts'` */
  readonly what: string;
  readonly signal: AbortSignal;
}

/** One page of the response, its records as the source sent them. */
export interface SeveralPage extends Asked, Pick<ListAnswer, 'sentAs'> {
  /** none that an earlier page held */
  readonly records: readonly unknown[];
  /** how the list ended; null where a further page follows */
  readonly end: ListEnd | null;
  /** requests sent for it, with checks of page boundaries and further tries */
  readonly requests: number;
}

/**
 * Asks once for what belongs to all of the ids, and reads every page of it by the listing's paging scheme, with the same proof of the end as a
 * listing. Ends only where the end is proved; whoever uses `end.certain === false` must not conclude anything from absence. Equal
 * records count as one record that came twice where pages overlap, whatever their ids are. Throws like `streamAll`; Usage for an id
 * that does not fit the request, see `whyUnfitForSeveral`.
 */
export async function* readSeveral(
  source: Source,
  { listing, ids, partition, entity, what, signal }: SeveralRequest,
): AsyncGenerator<SeveralPage, void, undefined> {
  const about = { entity, what };
  const problem = mistakeIn(listing, ids);
  if (problem !== undefined)
    throw source.sender.reporter.error('Usage', about, problem, 'Ask for these ids in other requests');
  const count = { requests: 0 };
  const reader = listReader(
    source,
    {
      ...{ listing, about, partition, signal },
      name: what,
      ids: new Several(ids, listing.separator),
      filter: undefined,
      pageSize: undefined,
      resumed: false,
      // these records have ids of their own, which the entity's `key` does not read
      identity: (record) => JSON.stringify(record) ?? '',
      // records without a version: none is known to have changed
      changedSince: () => 0,
    },
    count,
  );
  for await (const { answer, records, end } of schemeOf(reader.paging).read(reader, null)) {
    const { sent, received, sentAs } = answer;
    const { requests } = count;
    count.requests = 0;
    yield { records, sent, received, sentAs, end, requests };
  }
}

/** Why an id cannot be asked for together with others; undefined where it can. */
export function whyUnfitForSeveral(listing: SeveralListing, id: string): string | undefined {
  if (id.trim() === '') return 'the id is empty';
  const shown = short(id, 100);
  const places = placeholdersIn(listing).filter(([, name]) => name === 'ids');
  const inTexts = places.some(([at]) => !at.startsWith('body') || !isWhole(listing, at));
  if (inTexts && id.includes(listing.separator))
    return `the id '${shown}' contains '${listing.separator}', which separates ids`;
  if (places.some(([at]) => at === 'path') && !fitsPath(id)) return `a path cannot hold the id '${shown}'`;
  return undefined;
}

/** Whether the text at this place of the body is `{ids}` and nothing else, so that it becomes a list. */
function isWhole(listing: SeveralListing, at: string): boolean {
  const [, ...steps] = at.split('.');
  let here: unknown = listing.body;
  for (const step of steps) here = (here as Record<string, unknown> | undefined)?.[step];
  return here === '{ids}';
}

function mistakeIn(listing: SeveralListing, ids: readonly string[]): string | undefined {
  if (ids.length === 0) return 'no ids were given';
  if (ids.length > listing.max) return `${ids.length} ids were given, and at most ${listing.max} fit into one request`;
  if (new Set(ids).size < ids.length) return 'an id was given twice';
  for (const id of ids) {
    const unfit = whyUnfitForSeveral(listing, id);
    if (unfit !== undefined) return unfit;
  }
  return undefined;
}
