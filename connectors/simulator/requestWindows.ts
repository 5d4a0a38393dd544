interface Window {
  begin: number;
  count: number;
}

/** How many requests a caller has made in the present window. */
export interface WindowCount {
  readonly count: number;
  /** seconds until the next window begins, at least 1 */
  readonly wait: number;
}

/** Counts requests in fixed windows, each of which begins with a caller's first request after the last one ended. */
export class RequestWindows {
  private readonly windows = new Map<string, Window>();

  /** Counting starts again. */
  clear(): void {
    this.windows.clear();
  }

  /**
   * Counts a request, also one that will be refused.
   * @param now a monotonic time in milliseconds
   */
  count(caller: string, perSeconds: number, now: number): WindowCount {
    let window = this.windows.get(caller);
    if (!window || now - window.begin >= perSeconds * 1000) {
      window = { begin: now, count: 0 };
      this.windows.set(caller, window);
    }
    window.count++;
    return {
      count: window.count,
      wait: Math.max(1, Math.ceil((window.begin + perSeconds * 1000 - now) / 1000)),
    };
  }
}
