import type { Listing } from '../../schema/definition/listings/listing';
import type { Paging } from '../../schema/definition/listings/paging';
import type { ParentPartition } from '../../schema/definition/partitions';
import type { TidemarkError } from '../../schema/errors';
import { preview } from '../../schema/text/preview';
import { PartitionUnread, verdictOf, verdictStatuses } from '../../schema/unreadPartition';
import type { ListReader } from '../paging';
import type { Several } from '../wire/address';
import type { About, Reporter } from '../wire/report';
import type { JsonAnswer } from '../wire/send';
import type { Source } from '../wire/source';
import type { AskedFeed, Filter } from './listRequest';
import { shapeOf } from './shape';
import { isExpired } from './token';

/** One list to read, and what its reader must know of its records. */
export interface ReadList extends Pick<ListReader<Paging>, 'changedSince'> {
  /** what distinguishes a record in this state from others */
  readonly identity: (record: unknown) => string;
  readonly listing: Listing;
  readonly filter: Filter | undefined;
  /** the token that a feed goes on from */
  readonly asked?: AskedFeed;
  /** what `{until}` stands for, where a report says so */
  readonly until?: string | undefined;
  /** the ids that `{ids}` stands for */
  readonly ids?: Several;
  readonly partition: string;
  /** whose list it is: statuses that say something of this one alone are then thrown as PartitionUnread */
  readonly parent?: ParentPartition | undefined;
  readonly about: About;
  /** of the listing, `changes` for one that may say that nothing has changed */
  readonly name: string;
  readonly pageSize: number | undefined;
  /** it goes on where an earlier reading stopped */
  readonly resumed: boolean;
  readonly signal: AbortSignal;
}

/** Throws TokenExpired where a feed no longer knows the token. */
export function refuseExpired(
  source: Source,
  { asked, about, listing: { method } }: ReadList,
  answer: JsonAnswer,
): void {
  if (!asked || !isExpired(asked.feed, answer)) return;
  throw source.sender.reporter.error(
    'TokenExpired',
    about,
    `${method} ${answer.url.pathname} answered ${answer.status}: it no longer knows the token`,
    'Everything is read again, and a reconciliation follows',
  );
}

/** Throws PartitionUnread where a status says something of the list of one parent. */
export function refuseUnread({ parent }: ReadList, status: number, broken: (problem: string) => TidemarkError): void {
  const verdict = parent === undefined ? undefined : verdictOf(status);
  if (verdict !== undefined) throw new PartitionUnread(verdict, broken(`answered ${status}`).message);
}

/** The statuses that are answers to a page of a list. */
export function statusesOf(
  { asked, parent }: ReadList,
  { behind, first }: { readonly behind: boolean; readonly first: boolean },
): ReadonlySet<number> {
  if (behind) return noSuchPage;
  const expired = asked?.feed.expired.statuses ?? [];
  return parent === undefined ? new Set(expired) : new Set([...expired, ...verdictStatuses(first)]);
}

/** What sources answer to a page behind the last. */
export const noSuchPage: ReadonlySet<number> = new Set([400, 404, 416]);

/** Without a body: there are no records. */
export const noContent: ReadonlySet<number> = new Set([204]);

/** To the first page of `changes`, also: nothing has changed. To any other request a 304 says nothing of what there is. */
export const noChanges: ReadonlySet<number> = new Set([204, 304]);

/** What an API says of its error. Of a whole body only its shape: what else is in it may be content. */
export function wordsOf(error: unknown, body: unknown, reporter: Reporter): string {
  return reporter.excerpt(error === body ? shapeOf(body) : preview(error, 1_000));
}

export const forbidden = {
  type: 'CredentialsRefused',
  todo: 'The credentials may not read this list: give the connection others with `tidemark connect`, or ask for the permission',
} as const;
