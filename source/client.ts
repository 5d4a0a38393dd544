import type { Asked } from '../schema/answer';
import type { ProbeFinding } from '../schema/definition/checks';
import type { Connector, ConnectorEntity } from '../schema/definition/connector';
import type { MapContext } from '../schema/definition/entity';
import type { ListingName, ResumePoint } from '../schema/definition/listing';
import type { DatabaseClock, RequestBudget } from '../schema/ports';
import { type Authorizer, authorizerOf, UnusableSecret } from './auth';
import { type ProbeOptions, probe } from './probe/probe';
import { getById } from './reading/getById';
import { streamAll } from './reading/streamAll';
import { baseUrl, NoAddress } from './wire/address';
import type { Limits } from './wire/http';
import { createReporter, type Reporter, type Secrets } from './wire/report';
import type { Sender } from './wire/send';

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

export interface SourceClientOptions {
  readonly connector: Connector;
  readonly connection: MapContext['connection'];
  readonly secrets: Secrets;
  readonly budget: RequestBudget;
  readonly clock: DatabaseClock;
  readonly limits?: Partial<Limits>;
  /** told of every request with the status of its answer; null: there was none */
  readonly onAnswer?: (status: number | null) => void;
}

/** What the functions behind the client share. */
export interface Source {
  readonly base: URL;
  readonly connector: Connector;
  readonly connection: MapContext['connection'];
  readonly sender: Sender;
}

const defaultLimits: Limits = { bytes: 64 * 1024 * 1024, timeoutMs: 120_000, idleMs: 30_000 };
const defaultConcurrency = 8;

function nothing(): void {}

/**
 * The API client of one connection. Holds no sockets of its own: connections are kept alive for the whole process and
 * closed after a minute of silence, so there is nothing to close. Throws Usage or CredentialsRefused when settings or secrets are unusable.
 */
export function createSourceClient(options: SourceClientOptions): SourceClient {
  const { connector, connection, secrets, budget, clock } = options;
  const reporter = createReporter(connector.name, connection.id, secrets);
  const source: Source = {
    base: usableBase(connection, reporter),
    connector,
    connection,
    sender: {
      reporter,
      authorizer: usableAuthorizer(connector, secrets, reporter),
      budget,
      clock,
      onAnswer: options.onAnswer ?? nothing,
      limits: { ...defaultLimits, ...options.limits },
      lane: `${connector.name}/${connection.id}`,
      concurrency: connector.rateLimit?.concurrency ?? defaultConcurrency,
    },
  };
  return {
    streamAll: (entity, listing, listOptions) => streamAll(source, entity, listing, listOptions),
    getById: (entity, id, { signal }) => getById(source, entity, id, signal),
    probe: (entity, probeOptions) => probe(source, entity, probeOptions),
  };
}

const everything = { entity: 'all entities', what: 'any request' };

function usableBase(connection: MapContext['connection'], reporter: Reporter): URL {
  try {
    return baseUrl(connection.settings);
  } catch (error) {
    if (!(error instanceof NoAddress)) throw error;
    throw reporter.error('Usage', everything, error.message, 'Correct it with `tidemark connect`');
  }
}

function usableAuthorizer(connector: Connector, secrets: Secrets, reporter: Reporter): Authorizer {
  try {
    return authorizerOf(connector.auth, secrets);
  } catch (error) {
    if (!(error instanceof UnusableSecret)) throw error;
    throw reporter.error('CredentialsRefused', everything, error.message, 'Set it with `tidemark connect`');
  }
}
