/** Remembers for a while what it was asked about. Holds as many keys as come in that time. */
export class RecentKeys {
  /** when each was last asked about, the longest ago first */
  private readonly seenAt = new Map<string, number>();

  constructor(
    private readonly milliseconds: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Whether it was asked about this key within the last while; from now on it was. */
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
