/** Who is served first when a budget is short. */
export const priorities = ['webhook', 'delta', 'reconciliation', 'backfill'] as const;
export type Priority = (typeof priorities)[number];

/**
 * One request budget per account, shared by all workers. `source/` asks, `destination/` keeps it in PostgreSQL.
 */
export interface RequestBudget {
  /**
   * Waits for leave to send one request. Waits of seconds are waited here; longer ones throw
   * `SourceAsksToWait` with `retryAfterMs`, so that they are parked in Temporal and hold no slot.
   */
  take(signal: AbortSignal): Promise<void>;
  /** The source said wait: no worker of this account sends anything for this many milliseconds. `because`: which response said so. */
  block(milliseconds: number, because: string): Promise<void>;
}

/** Returns PostgreSQL's time, in milliseconds since 1970. */
export interface DatabaseClock {
  /** now, rounded down by the uncertainty of the measured offset: for the instant a request is sent */
  sent(): number;
  /** now, rounded up: for the instant an answer has been received */
  received(): number;
}

/** What is stored of a connection's OAuth tokens, as of one instant. */
export interface StoredToken {
  /** raised by whatever replaces the tokens: a renewal, or a change of the credentials */
  readonly generation: number;
  readonly accessToken: string | undefined;
  readonly refreshToken: string | undefined;
  /** milliseconds until the access token expires, by PostgreSQL's clock; undefined: the source did not say */
  readonly expiresInMs: number | undefined;
  /** for how long it was issued; undefined as above */
  readonly lifetimeMs: number | undefined;
  /** milliseconds since it was stored; undefined: there is none */
  readonly storedMsAgo: number | undefined;
  /** whether a request has succeeded with it */
  readonly succeeded: boolean;
  /** milliseconds since a request was refused although its token had just been renewed */
  readonly refusedMsAgo: number | undefined;
  /** milliseconds until the lease of whoever renews it now ends; 0: nobody does */
  readonly leasedForMs: number;
  /** the refresh token was sent at this instant, and the response was never stored: the source may have replaced it */
  readonly unansweredSince: Date | undefined;
  /** why the source accepts none of the credentials; undefined: nothing is known against them */
  readonly needsCredentials: string | undefined;
}

/** Tokens that a token endpoint has just issued. */
export interface IssuedToken {
  readonly accessToken: string;
  /** undefined: the stored one stays */
  readonly refreshToken: string | undefined;
  /** milliseconds from now; undefined: the source did not say */
  readonly expiresInMs: number | undefined;
}

/**
 * The right to renew a connection's tokens, which one process has at a time. Everything that it does holds only while the tokens are
 * still those that it was given for, and returns whether they were.
 */
export interface TokenLease {
  /** Stores what was issued, in one statement, and gives the lease back. */
  save(issued: IssuedToken): Promise<boolean>;
  /** Gives the lease back without new tokens. `unanswered`: the source may have acted on the refresh token that was sent. */
  release(unanswered: boolean): Promise<boolean>;
  /** The source refuses the refresh token: it is not sent again. */
  dropRefreshToken(): Promise<boolean>;
  /** The source accepts none of the credentials: nothing is sent until an operator gives others. */
  needCredentials(because: string): Promise<boolean>;
}

/** The OAuth tokens of one connection, shared by all processes. `source/` renews them, `destination/` keeps them in PostgreSQL. */
export interface TokenStore {
  /** Throws `SourceUnavailable` when the credentials are no longer those that this store was opened for. */
  read(): Promise<StoredToken>;
  /**
   * Leases the tokens of this generation for so many milliseconds; undefined when they are others by now, or leased. `rotating`: the
   * refresh token is sent, which is noted before.
   */
  lease(
    generation: number,
    options: { readonly ms: number; readonly rotating: boolean },
  ): Promise<TokenLease | undefined>;
  /** A request has succeeded with the access token of this generation. */
  noteSuccess(generation: number): Promise<void>;
  /** A request was refused although the access token of this generation had just been renewed for it. */
  noteRefusal(generation: number): Promise<void>;
}
