/** One request to the API (requests to the control API are not logged). */
export interface LoggedRequest {
  /** counts from 1 since the start or the last clear */
  readonly number: number;
  /** this machine's time, ISO 8601 */
  readonly at: string;
  readonly method: string;
  readonly path: string;
  /** decoded, without the question mark */
  readonly query: string;
  /** 0 where the connection was cut or hung without an answer */
  readonly status: number;
  readonly milliseconds: number;
  /** the kinds of the faults that were injected */
  readonly faults: readonly string[];
}

export interface LogSummary {
  readonly requests: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byPath: Readonly<Record<string, number>>;
}

/** Keeps the last requests and counts all of them. */
export class RequestLog {
  private entries: LoggedRequest[] = [];
  private counted = 0;
  private byStatus: Record<string, number> = {};
  private byPath: Record<string, number> = {};

  /**
   * @param group the path under which a request is counted. Requests for single records are best counted together, since
   * the counters would otherwise grow with the data.
   */
  constructor(
    private readonly group: (path: string) => string = (path) => path,
    private readonly capacity = 10_000,
  ) {}

  /** The number of the request that now begins. */
  next(): number {
    return ++this.counted;
  }

  add(entry: LoggedRequest): void {
    this.entries.push(entry);
    if (this.entries.length >= 2 * this.capacity) this.entries = this.entries.slice(-this.capacity);
    this.byStatus[entry.status] = (this.byStatus[entry.status] ?? 0) + 1;
    const path = this.group(entry.path);
    this.byPath[path] = (this.byPath[path] ?? 0) + 1;
  }

  /** The last requests, oldest first. */
  list(limit = this.capacity): readonly LoggedRequest[] {
    return limit <= 0 ? [] : this.entries.slice(-Math.min(limit, this.capacity));
  }

  summary(): LogSummary {
    return { requests: this.counted, byStatus: { ...this.byStatus }, byPath: { ...this.byPath } };
  }

  clear(): void {
    this.entries = [];
    this.counted = 0;
    this.byStatus = {};
    this.byPath = {};
  }
}
