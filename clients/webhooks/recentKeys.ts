/** Keeps the keys that were asked about within a given time. It holds as many keys as come in that time. */
export class RecentKeys {
  /** when each was last asked about, the longest ago first */
  private readonly seenAt = new Map<string, number>();

  constructor(
    private readonly milliseconds: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Returns whether this key was asked about within that time, and notes that it was asked about now. */
  again(key: string): boolean {
    const now = this.now();
    for (const [oldest, at] of this.seenAt) {
      if (now - at < this.milliseconds) break;
      this.seenAt.delete(oldest);
    }
    const again = this.seenAt.delete(key);
    this.seenAt.set(key, now);
    return again;
  }
}
