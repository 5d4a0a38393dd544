import type { Asked } from '../schema/answer';
import type { ProbeFinding } from '../schema/definition/checks';
import type { ConnectorEntity } from '../schema/definition/connector';
import type { ListingName, ResumePoint } from '../schema/definition/listing';

/** One page of a listing. */
export interface SourcePage extends Asked {
  /** as the source sent them, integers beyond 2^53 as strings; none that an earlier page held */
  readonly records: readonly unknown[];
  /** where to go on after this page; null when it was the last and the end of the list is proved */
  readonly resumePoint: ResumePoint | null;
  /** size of the body that brought it, decompressed */
  readonly bytes: number;
  /**
   * when its request was sent in the source's clock, at the earliest, in milliseconds since 1970: from the `Date` header,
   * which knows whole seconds; null where there is none
   */
  readonly sourceSent: number | null;
  /** requests sent for it, with checks of the seam and further tries */
  readonly requests: number;
}

export interface ListOptions {
  /** the value of `{partition}`; '' where the entity has none */
  readonly partition: string;
  /** the cursor; needed for `changes`, refused for the others */
  readonly since?: Date;
  readonly resumePoint?: ResumePoint | null;
  /** records to ask for at once, instead of what the definition says */
  readonly pageSize?: number;
  readonly signal: AbortSignal;
}

/** What the source says of one record; `evidence` is the sentence that proves it gone. */
export type RecordAnswer =
  | ({ readonly kind: 'live'; readonly record: unknown } & Asked)
  | ({ readonly kind: 'gone'; readonly evidence: string } & Asked);

export interface SourceClient {
  /**
   * The pages of a listing. The next page can be asked for while the former is still being written. Ends only where the
   * end of the list is proved. Throws TidemarkError: SourceUnavailable, SourceAsksToWait, CredentialsRefused, ContractBroken,
   * Usage; or the signal's reason.
   */
  streamAll(entity: ConnectorEntity, listing: ListingName, options: ListOptions): AsyncIterable<SourcePage>;
  /**
   * One record. Gone only on evidence: one of the entity's `gone.statuses` that is not a web page, or a tombstone. Throws like
   * `streamAll`; a ContractBroken is about this record only.
   */
  getById(entity: ConnectorEntity, id: string, options: { readonly signal: AbortSignal }): Promise<RecordAnswer>;
  /**
   * Finds out with at most 25 requests, which only read, whether the API behaves as the definition says. Throws
   * CredentialsRefused, SourceAsksToWait or SourceUnavailable where nothing can be found out.
   */
  probe(
    entity: ConnectorEntity,
    options: ProbeOptions,
  ): Promise<{ readonly requests: number; readonly findings: readonly ProbeFinding[] }>;
}

export interface ProbeOptions {
  /** the value of `{partition}`; '' where the entity has none */
  readonly partition: string;
  /** ids of records that are known to be deleted, to see how those look */
  readonly deleted: readonly string[];
  readonly signal: AbortSignal;
}
