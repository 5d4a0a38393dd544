/**
 * Detects bursts with a token bucket. A burst begins when the bucket is empty and ends when it is full again: `capacity` events at
 * once and `perSecond` afterwards are no burst.
 */
export class BurstDetector {
  private tokens: number;
  private at: number;
  private burst = false;

  constructor(
    private readonly capacity: number,
    private readonly perSecond: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.tokens = capacity;
    this.at = now();
  }

  /** Counts one event. Returns false while a burst lasts. */
  take(): boolean {
    this.refill();
    if (this.tokens >= this.capacity) this.burst = false;
    this.tokens = Math.max(0, this.tokens - 1);
    if (this.tokens < 1) this.burst = true;
    return !this.burst;
  }

  /** Whether the bucket is full again. */
  get full(): boolean {
    this.refill();
    return this.tokens >= this.capacity;
  }

  private refill(): void {
    const now = this.now();
    this.tokens = Math.min(this.capacity, this.tokens + ((now - this.at) / 1000) * this.perSecond);
    this.at = now;
  }
}
