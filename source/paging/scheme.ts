import type { Asked } from '../../schema/answer';
import type { Paging, ResumePoint } from '../../schema/definition/listing';
import type { TidemarkError } from '../../schema/errors';

/** One answer of a listing, its body checked: a list, no declared error, a readable total. */
export interface ListAnswer extends Asked {
  readonly records: readonly unknown[];
  /** the source's own number of records of the whole list, where the listing declares it and the body tells it */
  readonly total: number | undefined;
  readonly body: unknown;
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
}

/** What a paging scheme may do: ask, recognise records, complain. */
export interface ListReader<P extends Paging> {
  readonly paging: P;
  /** records to ask for at once: the caller's wish or the definition's; undefined where the definition names none */
  readonly pageSize: number | undefined;
  /** requests that may be under way at once */
  readonly atOnce: number;
  /** Asks with these query parameters beside the listing's own, or at the address of a page link. */
  ask(query: Readonly<Record<string, string>>, link?: URL): Promise<ListAnswer>;
  /**
   * A few characters that stand for a record in this state: its id and version. Equal marks mean that it has neither
   * moved nor changed.
   */
  mark(record: unknown): string;
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

/** A way of handing out lists in pages; one file each. */
export interface PagingScheme<P extends Paging> {
  /** Reads on from a resume point, or from the start. Ends only where the end is proved; throws otherwise. */
  read(reader: ListReader<P>, resume: ResumePoint | null): AsyncGenerator<ListedPage, void, undefined>;
}

/** The declared variant of one scheme. */
export type PagingOf<S extends Paging['scheme']> = Extract<Paging, { scheme: S }>;
