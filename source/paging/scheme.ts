import type { Asked } from '../../schema/answer';
import type { ResumePoint } from '../../schema/definition/listings/listing';
import type { ListingContext } from '../../schema/definition/listings/ownRequests';
import type { Paging } from '../../schema/definition/listings/paging';
import type { TidemarkError } from '../../schema/errors';
import type { SourceText } from '../../schema/json/sourceText';
import type { ListEnd } from './proof/end';

/** Query parameters; sizes and positions are numbers. */
export type Query = Readonly<Record<string, string | number>>;

/** What of a response can say where the list goes on. */
export interface Told {
  readonly body: unknown;
  /** by lower-case name */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** One answer of a listing, its body checked: a list, no declared error, a readable total. */
export interface ListAnswer extends Asked, Told {
  readonly records: readonly unknown[];
  /** the source's own number of records of the whole list, where the listing declares it and the body holds it */
  readonly total: number | undefined;
  /** of a record: its text as the source wrote it, and why it cannot be read where it cannot */
  sentAs(record: unknown): { readonly text: SourceText; readonly problem: string | undefined } | undefined;
  /** 400, 404 or 416 to a page that was asked for `behind` all that was read; there are no records then */
  readonly refused: boolean;
  readonly bytes: number;
  readonly sourceSent: number | null;
  /** where it came from: page links are resolved against it */
  readonly url: URL;
}

/** One page to hand out. */
export interface ListedPage {
  /** the request that brought the records */
  readonly answer: ListAnswer;
  /** the records that no earlier page held */
  readonly records: readonly unknown[];
  /** where to go on after this page; null when it was the last */
  readonly next: ResumePoint | null;
  /** how the list ended; null where it goes on */
  readonly end: ListEnd | null;
}

export interface AskOptions {
  /** the address of a page link, to ask at */
  readonly link?: URL;
  /** the page lies behind all that was read: a source that has no such page may refuse it, see `ListAnswer.refused` */
  readonly behind?: boolean;
}

/** The requests of a function of the definition that reads the list. */
export interface OwnListing {
  /** what the function receives, but for the place where it goes on and how it ends */
  readonly context: Omit<ListingContext, 'next' | 'end'>;
  /** the answer behind a response; undefined for what `request` did not return */
  answerOf(response: unknown): Omit<ListAnswer, 'records' | 'total' | 'refused'> | undefined;
  /** Throws what a request has thrown, whatever the function made of it. */
  settle(): void;
  /** What a function has thrown, as what the engine throws. */
  thrown(error: unknown): unknown;
}

/** What a paging scheme may do: ask, recognise records, complain. */
export interface ListReader<P extends Paging> {
  readonly paging: P;
  /** records to ask for at once: the caller's wish or the definition's; undefined where the definition names none */
  readonly pageSize: number | undefined;
  /** whether the listing declares a total */
  readonly counted: boolean;
  /** requests that may be under way at once */
  readonly atOnce: number;
  /** Asks with these parameters next to the listing's own. */
  ask(query: Query, options?: AskOptions): Promise<ListAnswer>;
  /** Of a list that a function reads: its requests, the same for every call. */
  own(): OwnListing;
  /** The answer; undefined where the source refuses the request or answers something else than a list. */
  attempt(ask: () => Promise<ListAnswer>): Promise<ListAnswer | undefined>;
  /** The sign by which this listing says "go on" (a flag, a link, a token): whether it was ever seen, by this process within a day. */
  readonly sign: { readonly seen: boolean; note(): void };
  /**
   * A few characters that stand for a record in this state: its id and version. Equal marks mean that it has neither
   * moved nor changed.
   */
  mark(record: unknown): string;
  /** The same for all records of a page, in their order. */
  markOfPage(records: readonly unknown[]): string;
  /** How many of the records were changed at or after this instant of the source's clock, as far as their versions tell. */
  changedSince(records: readonly unknown[], instant: number): number;
  /** A link to another page of this source. Throws ContractBroken when it leads to another host. */
  link(answer: ListAnswer, text: string): URL;
  /** Says which answer is being looked at, where several were asked for at once: complaints are then about its request. */
  regard(answer: ListAnswer): void;
  /** ContractBroken about the last request; `todo` says what to do about it. */
  broken(problem: string, todo?: string): TidemarkError;
  /** The resume point is not one of this listing. */
  unusable(point: ResumePoint, detail: string): TidemarkError;
}

/** How the size of a page is asked for; `size` is undefined where the definition leaves it to the source. */
export interface PageSize {
  readonly param: string;
  readonly size: number | undefined;
}

/**
 * A way of handing out lists in pages; one file each. Whatever else has to know how a scheme works asks the scheme, so that
 * none is named outside this folder.
 */
export interface PagingScheme<P extends Paging> {
  /** Requests are the scheme's own: the declared one is not sent as it is. */
  readonly asksItself?: true;
  /** What the engine sends for the first page, next to the listing's own query. */
  firstPage(paging: P): Query;
  /** How many pages a list of this many records takes. */
  pagesFor(paging: P, records: number): number;
  /** How the size of a page is asked for; undefined where it cannot be. */
  sized(paging: P): PageSize | undefined;
  /** Whether an answer says that a further page follows; undefined where the scheme or the definition has no word for it. */
  promises(paging: P, answer: Told): boolean | undefined;
  /** The field whose ascending order the scheme relies on; undefined where any order will do that stays the same. */
  sortedBy(paging: P): string | undefined;
  /** Reads on from a resume point, or from the start. Ends only where the end is proved; throws otherwise. */
  read(reader: ListReader<P>, resume: ResumePoint | null): AsyncGenerator<ListedPage, void, undefined>;
}

/** The declared variant of one scheme. */
export type PagingOf<S extends Paging['scheme']> = Extract<Paging, { scheme: S }>;
