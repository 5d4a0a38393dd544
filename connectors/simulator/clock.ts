/** The source's clock, which need not be this machine's. */
export class Clock {
  private offsetMs = 0;
  private fixed: number | undefined;

  /** Milliseconds since 1970, as the source sees it. */
  now(): number {
    return this.fixed ?? Date.now() + this.offsetMs;
  }

  /** Ahead (positive) or behind by some milliseconds, or stopped at an instant; nothing of both: this machine's time. */
  set(setting: { offsetMs?: number | undefined; fixed?: number | undefined }): void {
    this.offsetMs = setting.offsetMs ?? 0;
    this.fixed = setting.fixed;
  }
}
