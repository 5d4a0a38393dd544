/**
 * Tells a trickle from a burst: so many at once and so many a second are a trickle; when more come it is a burst, until it has
 * been quiet for as long as it takes to be full again.
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

  /** One more came: does it belong to a trickle? */
  take(): boolean {
    this.refill();
    if (this.tokens >= this.capacity) this.burst = false;
    this.tokens = Math.max(0, this.tokens - 1);
    if (this.tokens < 1) this.burst = true;
    return !this.burst;
  }

  /** Nothing came for so long that it is as if new. */
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
