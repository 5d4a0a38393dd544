/** A token bucket: `take` says whether there is room for one more, of `capacity` at once and `perSecond` on average. */
export class Bucket {
  private tokens: number;
  private at: number;

  constructor(
    private readonly capacity: number,
    private readonly perSecond: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.tokens = capacity;
    this.at = now();
  }

  take(): boolean {
    const now = this.now();
    this.tokens = Math.min(this.capacity, this.tokens + ((now - this.at) / 1000) * this.perSecond);
    this.at = now;
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }

  /** Nothing was taken for so long that it is as if new. */
  get full(): boolean {
    return this.tokens + ((this.now() - this.at) / 1000) * this.perSecond >= this.capacity;
  }
}
