/** The key of a slot; must not change while the slot is in the list. */
export type SlotKey = (slot: number) => number;

const blockSize = 1024;

/**
 * Slots (small integers that stand for records) in order of a key that is stored elsewhere, ties by slot. Answers "the k-th", "how many below" and "insert" fast for a million entries: blocks of at most 1,024
 * slots with running totals. A balanced tree would do the same in more code and, at this size, more time.
 */
export class SortedSlots {
  private blocks: number[][] = [];
  /** how many slots lie before each block; rebuilt when needed, since reads outnumber writes */
  private before: number[] | undefined;
  private count = 0;

  constructor(private readonly key: SlotKey) {}

  /** Replaces the content by slots that are sorted already. */
  fill(sorted: ArrayLike<number>): void {
    this.blocks = [];
    for (let start = 0; start < sorted.length; start += blockSize / 2) {
      const end = Math.min(start + blockSize / 2, sorted.length);
      const block: number[] = [];
      for (let i = start; i < end; i++) block.push(sorted[i] ?? 0);
      this.blocks.push(block);
    }
    this.count = sorted.length;
    this.before = undefined;
  }

  get size(): number {
    return this.count;
  }

  insert(slot: number): void {
    this.before = undefined;
    this.count++;
    const key = this.key(slot);
    const at = Math.min(this.blockOf(key, slot), Math.max(0, this.blocks.length - 1));
    const block = this.blocks[at];
    if (!block) {
      this.blocks.push([slot]);
      return;
    }
    block.splice(this.positionIn(block, key, slot), 0, slot);
    if (block.length > blockSize) this.blocks.splice(at + 1, 0, block.splice(blockSize / 2));
  }

  /** Takes a slot out; its key must still be the one it was inserted with. */
  remove(slot: number): void {
    const key = this.key(slot);
    const at = this.blockOf(key, slot);
    const block = this.blocks[at];
    const position = block ? this.positionIn(block, key, slot) : -1;
    if (!block || block[position] !== slot) throw new Error(`slot ${slot} is not in the list`);
    this.before = undefined;
    this.count--;
    block.splice(position, 1);
    if (block.length === 0) this.blocks.splice(at, 1);
  }

  /** How many slots have a key below `key`. */
  rankOf(key: number): number {
    const at = this.blockOf(key, -1);
    const block = this.blocks[at];
    return block ? this.startOf(at) + this.positionIn(block, key, -1) : this.count;
  }

  /** Up to `length` slots from rank `from` on, upwards or downwards. */
  slice(from: number, length: number, direction: 1 | -1 = 1): number[] {
    const slots: number[] = [];
    if (from < 0 || from >= this.count) return slots;
    let at = this.blockAtRank(from);
    let position = from - this.startOf(at);
    while (slots.length < length) {
      const block = this.blocks[at];
      if (!block) break;
      const slot = block[position];
      if (slot === undefined) {
        at += direction;
        position = direction === 1 ? 0 : (this.blocks[at]?.length ?? 0) - 1;
        continue;
      }
      slots.push(slot);
      position += direction;
    }
    return slots;
  }

  private compare(slot: number, key: number, tie: number): number {
    const own = this.key(slot);
    if (own < key) return -1;
    return own > key ? 1 : slot - tie;
  }

  /** The first block whose last slot is not before (key, tie); the number of blocks when there is none. */
  private blockOf(key: number, tie: number): number {
    let low = 0;
    let high = this.blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const last = this.blocks[middle]?.at(-1) ?? 0;
      if (this.compare(last, key, tie) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private positionIn(block: readonly number[], key: number, tie: number): number {
    let low = 0;
    let high = block.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.compare(block[middle] ?? 0, key, tie) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private starts(): number[] {
    if (!this.before) {
      let sum = 0;
      this.before = this.blocks.map((block) => {
        sum += block.length;
        return sum - block.length;
      });
    }
    return this.before;
  }

  private startOf(block: number): number {
    return this.starts()[block] ?? this.count;
  }

  private blockAtRank(rank: number): number {
    const starts = this.starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= rank) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
