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
