import type {
  Answers,
  Asked,
  GoneAnswer,
  LiveAnswer,
  RelatedPart,
  RelatedRecords,
  SetAsideAnswer,
} from '../schema/answer';
import type { ProbeFinding } from '../schema/definition/checks';
import type { ConnectorEntity } from '../schema/definition/connector';
import type { Listing, ListingName, ResumePoint } from '../schema/definition/listings/listing';
import type { MappingFinding } from '../schema/definition/mappingAudit';
import type { ParentPartition } from '../schema/definition/partitions';
import type { SourceText } from '../schema/json/sourceText';
import type { ReportReader } from '../schema/reportJobs';
import type { Version } from '../schema/version';
import { type ListEnd, schemeOf } from './paging';
import type { Once, OnceResult } from './wire/sendOnce';

/** One page of a listing. */
export interface SourcePage extends Asked {
  /** as the source sent them, numbers that a double does not hold as text of their digits; none that an earlier page held */
  readonly records: readonly unknown[];
  /** What the records say, in parts; between two parts other work of the process has its turn. */
  answers(): AsyncIterable<Answers>;
  /**
   * Ids and versions of the records that it lists: without tombstones and records whose id cannot be read; a record that
   * would be set aside is listed without a version.
   */
  listed(): Promise<readonly ListedRecord[]>;
  /** where to go on after this page; null when it was the last and the end of the list is proved */
  readonly resumePoint: ResumePoint | null;
  /** how the list ended; null where it goes on. `certain: false` proves nothing of what was not listed */
  readonly end: ListEnd | null;
  /** the token that it gives for the next delta, of a feed; null where it gives none */
  readonly token: string | null;
  /** size of the body that brought it, decompressed */
  readonly bytes: number;
  /**
   * when its request was sent in the source's clock, at the earliest, in milliseconds since 1970: from the `Date` header,
   * which knows whole seconds; null where there is none
   */
  readonly sourceSent: number | null;
  /** requests sent for it, with checks of the seam and further tries */
  readonly requests: number;
  /** how many of the records are outside of the window that was asked for */
  readonly outside: number;
  /** the range of time that was asked for, in milliseconds since 1970; undefined where the list is not limited */
  readonly range?: { readonly from: number; readonly to: number } | undefined;
}

export interface ListOptions {
  /** the value of `{partition}`; '' where the entity has none */
  readonly partition: string;
  /** of an entity whose partitions are records of another: that record. Its list may then be unread: the reading throws PartitionUnread */
  readonly parent?: ParentPartition | undefined;
  /** the cursor; needed for a `changes` that is filtered by it, refused for the others. Of one with a window: where the range begins */
  readonly since?: Date;
  /** of a `changes` with a window: where the range ends, the present by default. At most the widest range is asked for */
  readonly until?: Date;
  /** the token to go on from; needed for a `changes` that is a feed, refused for the others */
  readonly token?: string;
  readonly resumePoint?: ResumePoint | null;
  /** records to ask for at once, instead of what the definition says */
  readonly pageSize?: number;
  /** the step of a run that reads; needed for a report that is made as a job */
  readonly reader?: ReportReader;
  readonly signal: AbortSignal;
}

/** Whose first token is requested. */
export interface FirstTokenOptions extends Pick<ListOptions, 'partition' | 'parent' | 'signal'> {
  /** the related records of whose changes it is; default: the entity's own listing `changes` */
  readonly related?: string;
}

/** Where a listing of changed related records goes on: `since` or `token`, as its definition says. */
export type RelatedChangesOptions = Pick<ListOptions, 'since' | 'token' | 'resumePoint' | 'signal'>;

/** One page of a listing of changed related records. */
export interface RelatedChangesPage
  extends Asked,
    Pick<SourcePage, 'resumePoint' | 'end' | 'token' | 'bytes' | 'sourceSent' | 'requests'> {
  readonly records: number;
  /** ids of the records that they belong to, none twice */
  readonly parents: readonly string[];
}

/** A related record as a list of all of them shows it. */
export interface RelatedId {
  readonly parent: string;
  readonly key: string;
  /** as text; null where it has none or the definition names none */
  readonly version: string | null;
}

/** One page of a listing of all related records. */
export interface RelatedIdsPage extends Omit<RelatedChangesPage, 'parents'> {
  readonly listed: readonly RelatedId[];
}

/** A token, and when it was asked for; `sourceSent` in the source's clock, see SourcePage. */
export interface GivenToken extends Asked, Pick<SourcePage, 'sourceSent'> {
  readonly token: string;
}

export interface AskOptions {
  readonly signal: AbortSignal;
  /** in whose list the record is, for its mapping; null or left out where that is not known */
  readonly parent?: ParentPartition | null | undefined;
}

export interface ListedRecord {
  readonly id: string;
  readonly version: Version;
}

/** How a record was written by the source, and why it cannot be read where it cannot. */
export interface SentAs {
  readonly text: SourceText;
  readonly problem: string | undefined;
}

/**
 * One record as the source sent it, or `evidence`: the sentence that proves it gone. `other-id`: the source answered with another
 * record, as some do after a merge.
 */
export type OneRecord =
  | ({ readonly kind: 'other-id'; readonly otherId: string; readonly evidence: string } & Asked)
  | ({ readonly kind: 'live'; readonly record: unknown; readonly sentAs: SentAs | undefined } & Asked)
  | ({ readonly kind: 'gone'; readonly evidence: string } & Asked);

/**
 * What the source says of one record. `unclear`: a response that proves neither, such as a 403; `unsent` where nothing was asked, since no
 * request can hold the id.
 */
export type RecordAnswer = Asked &
  (
    | { readonly kind: 'live'; readonly live: LiveAnswer }
    | { readonly kind: 'gone'; readonly gone: GoneAnswer; readonly detail: string }
    | { readonly kind: 'set-aside'; readonly setAside: SetAsideAnswer; readonly detail: string }
    | { readonly kind: 'unclear'; readonly detail: string; readonly unsent?: boolean }
    /**
     * the source answered with the record `otherId` instead. With `goneIfUnlisted`, that and the record's absence from a complete listing
     * together prove it gone; by itself it proves nothing
     */
    | { readonly kind: 'other-id'; readonly otherId: string; readonly goneIfUnlisted: boolean; readonly detail: string }
  );

/** The related records of one record, as they are mapped and as they are kept. */
export interface ReadRelated {
  readonly records: RelatedRecords;
  readonly part: RelatedPart;
}

/** What was read of several records, and what it took. */
export interface ReadOfSeveral {
  /** by the id of the record */
  readonly related: ReadonlyMap<string, ReadRelated>;
  /** requests sent */
  readonly requests: number;
}

export interface SourceClient {
  /**
   * The pages of a listing. The next page can be asked for while the former is still being written. Ends only where the
   * end of the list is proved. Throws TidemarkError: SourceUnavailable, SourceAsksToWait, CredentialsRefused, ContractBroken,
   * Usage, TokenExpired where a feed no longer knows the token, PartitionUnread where the source does not serve the list of `parent`; or the signal's reason.
   */
  streamAll(entity: ConnectorEntity, listing: ListingName, options: ListOptions): AsyncIterable<SourcePage>;
  /**
   * The first token of a feed whose `all` gives none: to be had before the first page of `all`. Throws like `streamAll`; Usage where
   * the entity declares no request for one.
   */
  firstToken(entity: ConnectorEntity, options: FirstTokenOptions): Promise<GivenToken>;
  /** Asks `one` and reads what comes. Throws what is wrong with the source as a whole, like `streamAll`. */
  ask(entity: ConnectorEntity, id: string, options: AskOptions): Promise<RecordAnswer>;
  /**
   * One record, not yet read. Gone only on evidence: one of the entity's `gone.statuses` that is not a web page, or a tombstone. Throws like
   * `streamAll`; a ContractBroken is about this record only.
   */
  getById(entity: ConnectorEntity, id: string, options: AskOptions): Promise<OneRecord>;
  /**
   * The related records of some records, every kind and every page of them: an entry for every id, the end of each list being proved. At most
   * `relatedAtOnce` ids, none of them twice. Throws like `streamAll`: ContractBroken where the responses do not show all that belongs to them.
   */
  readRelated(
    entity: ConnectorEntity,
    ids: readonly string[],
    options: { readonly signal: AbortSignal },
  ): Promise<ReadOfSeveral>;
  /**
   * The pages of a listing of related records that were changed. Throws like `streamAll`: ContractBroken where its filter is ignored, or most
   * of the listed records do not name the record that they belong to.
   */
  relatedChanges(
    entity: ConnectorEntity,
    name: string,
    options: RelatedChangesOptions,
  ): AsyncIterable<RelatedChangesPage>;
  /** The pages of a listing of the related records of all records. Throws like `relatedChanges`. */
  relatedIds(
    entity: ConnectorEntity,
    name: string,
    options: Pick<ListOptions, 'resumePoint' | 'signal'>,
  ): AsyncIterable<RelatedIdsPage>;
  /**
   * Sends the entity's `touch` for a record, so that the source does it once at most. `once` is called before it is sent. Throws TidemarkError
   * before it was sent: Usage where the entity declares none, ContractBroken for an id that no request can hold, and like `streamAll`.
   */
  touch(
    entity: ConnectorEntity,
    id: string,
    options: { readonly text: string; readonly once: Once; readonly signal: AbortSignal },
  ): Promise<OnceResult>;
  /**
   * Reads up to 1,000 records from `all` and compares their fields with what the definition reads of them. Paths, counts and ids come back, and no
   * content. Throws like `streamAll`.
   */
  auditMapping(
    entity: ConnectorEntity,
    options: AuditOptions,
  ): Promise<{ readonly records: number; readonly findings: readonly MappingFinding[] }>;
  /**
   * Finds out with at most 40 requests, which only read, whether the API behaves as the definition says. Throws
   * CredentialsRefused, SourceAsksToWait or SourceUnavailable where nothing can be found out.
   */
  probe(
    entity: ConnectorEntity,
    options: ProbeOptions,
  ): Promise<{ readonly requests: number; readonly findings: readonly ProbeFinding[] }>;
}

/** What an audit of a mapping reads, and what it compares with. */
export interface AuditOptions {
  /** the lists to read, one after another until there are enough records; none: what is stored stands for them */
  readonly where: readonly Pick<ListOptions, 'partition' | 'parent'>[];
  /** records that are stored, as JSON, with their ids */
  readonly stored: readonly { readonly id: string; readonly record: unknown }[];
  readonly signal: AbortSignal;
}

export interface ProbeOptions extends Pick<ListOptions, 'partition' | 'parent'> {
  /** another partition, to see whether its list is another one; undefined where there is none */
  readonly other?: Pick<ListOptions, 'partition' | 'parent'> | undefined;
  /** ids of records that are known to be deleted, to see how those look */
  readonly deleted: readonly string[];
  readonly signal: AbortSignal;
}

/** How many pages a listing of so many records takes, as far as its definition tells. */
export const pagesFor = ({ paging }: Listing, records: number): number => schemeOf(paging).pagesFor(paging, records);

/** How many records can be asked about with one request of each kind of their related records. */
export function relatedAtOnce({ related = {} }: ConnectorEntity): number {
  return Math.min(...Object.values(related).map(({ listing }) => listing.max));
}
