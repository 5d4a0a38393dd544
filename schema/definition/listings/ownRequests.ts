import { z } from 'zod';
import type { Json } from '../../json/json';
import type { MapContext } from '../mapContext';
import type { ParentPartition } from '../partitions';

/** What a function asks the source for, where that differs from the request that its listing or `one` declares. Nothing in it is a placeholder. */
export interface OwnRequest {
  /** The path, instead of the declared path and query, appended to the connection's `baseUrl`. */
  readonly path?: string;
  /** Query parameters, next to the declared ones. */
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** Headers, next to the declared ones. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The method, instead of the declared one. The engine repeats the request like any other, so it must only read. */
  readonly method?: 'GET' | 'POST';
  /** What a `POST` sends as JSON, instead of the declared body. */
  readonly body?: Json;
  /** Dotted path in the body to the records, instead of the declared one: only of records there are long numbers kept digit by digit. */
  readonly records?: string;
  /** Statuses that are responses here, such as 404. Every other error is thrown, and fails the run even where the function catches it. */
  readonly statuses?: readonly number[];
}

/** What `request` returns. */
export interface OwnResponse {
  /** The status; 200 unless `statuses` names others. */
  readonly status: number;
  /** The parsed body; undefined for one of `statuses`. */
  readonly body: unknown;
  /** The headers, by lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** What every function gets. Authorization, rate limit, retries, waits and bounds of requests are the engine's. */
interface OwnContext {
  /** Asks the source. At most 100 requests are sent for one page or record. */
  readonly request: (request?: OwnRequest) => Promise<OwnResponse>;
  /** The connection, as `map` gets it. */
  readonly connection: MapContext['connection'];
  /** Of an entity whose `partitions` are records of another: the one whose list is read. Null where there is none, or where it is not known. */
  readonly parent: ParentPartition | null;
  /** Aborted where the run ends. */
  readonly signal: AbortSignal;
}

/** What the function that reads a listing receives. */
export interface ListingContext extends OwnContext {
  /** Asks the source. At most 100 requests are sent for one page. */
  readonly request: OwnContext['request'];
  /** Where to go on: the `next` of the last page that was committed. Null at the beginning. */
  readonly next: Json;
  /** The value of `{partition}`; empty where the entity has none. */
  readonly partition: string;
  /** Of an entity whose `partitions` are records of another: the one whose list is read. Null where there is none. */
  readonly parent: ParentPartition | null;
  /** In `changes` with `since`: the cursor, as `since.form` writes it. Null elsewhere. */
  readonly since: string | null;
  /** In `changes` with a `window`: the end of the range that is read, as `since.form` writes it. Null elsewhere. */
  readonly until: string | null;
  /** In `changes` with `feed`: the token to go on from. Null elsewhere. */
  readonly token: string | null;
  /** The connection, as `map` gets it. */
  readonly connection: MapContext['connection'];
  /** Aborted where the run ends. */
  readonly signal: AbortSignal;
  /**
   * Says that the list has ended: `return end()`, or `return end({ total })` with the source's own number of all records, which must be what
   * was read. A function that only returns has read what it yielded, but nothing is concluded from what it did not show.
   */
  readonly end: (proof?: { readonly total?: number }) => ListingEnd;
}

/** What a function yields. */
export interface OwnPage {
  /** The records, as the source sent them. */
  readonly records: readonly unknown[];
  /** The responses that they came in: when those were sent and received decides which of two answers is newer. */
  readonly from: readonly OwnResponse[];
  /** Where a further run of the function goes on after this page: any JSON, such as a cursor. Needed for every page but the last. */
  readonly next?: Json | undefined;
}

/** Made by `end`. */
export interface ListingEnd {
  readonly total?: number;
}

export type ListingFunction = (context: ListingContext) => AsyncGenerator<OwnPage, ListingEnd | undefined, undefined>;

/** What the function that reads one record receives. */
export interface OneContext extends OwnContext {
  /** The record's id. */
  readonly id: string;
  /** Asks the source. At most 100 requests are sent for one record. */
  readonly request: OwnContext['request'];
  /** The connection, as `map` gets it. */
  readonly connection: MapContext['connection'];
  /** Of an entity whose `partitions` are records of another: the one in whose list the record was. Null where that is not known. */
  readonly parent: ParentPartition | null;
  /** Aborted where the engine no longer waits. */
  readonly signal: AbortSignal;
  /** Says that the source shows the record: `return live(record)`. */
  readonly live: (record: object) => OneSays;
  /** Says that the source shows that the record is gone, and what showed it: `return gone('node is null')`. */
  readonly gone: (evidence: string) => OneSays;
}

/** Made by `live` or `gone`; a function that returns anything else has found out nothing. */
export interface OneSays {
  readonly kind: 'live' | 'gone';
}

export type OneFunction = (context: OneContext) => Promise<OneSays>;

const isFunction = (value: unknown) => typeof value === 'function';

export const listingFunction = z.custom<ListingFunction>(isFunction, { error: 'must be an async generator function' });
export const oneFunction = z.custom<OneFunction>(isFunction, { error: 'must be an async function' });
