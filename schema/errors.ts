/**
 * Every failure that Tidemark raises on purpose. Everyone routes on `type`, a stable string that survives the wire;
 * no code tests `instanceof` or message text on the far side of Temporal.
 */

/** What helps against an error. `retry`: the same again soon; `wait`: the same again after `retryAfterMs`; the others need a person. */
export type Recovery = 'retry' | 'wait' | 'credentials' | 'contract' | 'gone' | 'usage' | 'conflict' | 'lost';

/** Stable names of failures; part of the public API since they stand in histories and in `tidemark.runs.error_type`. */
export const errorTypes = {
  /** transport hiccup, 5xx, time-out: try again */
  SourceUnavailable: 'retry',
  /** the source could not be reached, and the run gave up; the next one tries again */
  SourceUnreachable: 'contract',
  /** the same part of a run lost its worker again and again: killed, out of memory, or held for longer than a heartbeat */
  WorkerLost: 'contract',
  /** 429 or a budget that is used up: wait `retryAfterMs` */
  SourceAsksToWait: 'wait',
  /** 401, or 403 that is about the whole account */
  CredentialsRefused: 'credentials',
  /** the source's answer contradicts the connector's definition: a list that is no list, a filter that does not filter … */
  ContractBroken: 'contract',
  /** the source no longer knows the token that a delta goes on from: the delta reads everything instead */
  TokenExpired: 'contract',
  /** the source does not serve the list of one parent: the others are read, see `partitions` */
  PartitionUnread: 'contract',
  /** this one record is gone */
  RecordGone: 'gone',
  /** a definition, setting or argument is wrong */
  Usage: 'usage',
  /** something by that name does not exist */
  NotFound: 'usage',
  /** a run of this connection, entity and strategy is running, or Tidemark itself already runs in this folder */
  AlreadyRunning: 'conflict',
  /** this attempt lost its fence: another one has taken over */
  FenceLost: 'lost',
  /** the destination cannot be reached or refuses for now */
  DestinationUnavailable: 'retry',
  /** Temporal cannot be reached or is overloaded */
  TemporalUnavailable: 'retry',
  /** a part of the embedded default (PostgreSQL, Temporal, a child process) could not be found, started or kept running */
  EmbeddedUnavailable: 'usage',
  /** the destination cannot take what the definition asks for, such as a column of another type */
  DestinationIncompatible: 'contract',
  /** a run whose workflow ended without recording it: terminated, timed out, or unknown to Temporal */
  Lost: 'retry',
  /** a run that was cancelled in Temporal */
  Cancelled: 'retry',
  /** a defect: an error that none of the others describes */
  Unexpected: 'usage',
} as const satisfies Record<string, Recovery>;

export type ErrorType = keyof typeof errorTypes;

export interface ErrorOptions {
  /** milliseconds until it makes sense to try again; only with `SourceAsksToWait` and `SourceUnavailable` */
  readonly retryAfterMs?: number;
  /** the engine waits of its own accord: its request budget is used up, or the job of a report is pending. The source has blocked no other request */
  readonly byEngine?: boolean;
  readonly cause?: unknown;
}

/** A failure with a stable type and a message that says what happened, to whom, and what to do. */
export class TidemarkError extends Error {
  readonly type: ErrorType;
  readonly retryAfterMs: number | undefined;
  readonly byEngine: boolean;

  constructor(type: ErrorType, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = type;
    this.type = type;
    this.retryAfterMs = options.retryAfterMs;
    this.byEngine = options.byEngine ?? false;
  }

  get recovery(): Recovery {
    return errorTypes[this.type];
  }
}

/** Thrown by an entity's `map` to leave a record out on purpose; it is set aside as `skipped` with this reason. */
export class SkipRecord extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.name = 'SkipRecord';
    this.reason = reason;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
