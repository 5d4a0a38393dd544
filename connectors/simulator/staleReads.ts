/** How far reads may lag behind: each read sees the data as it was up to `maxMs` ago, with `probability`. */
export interface StaleSetting {
  readonly maxMs: number;
  readonly probability: number;
}

/** What holds records; `undefined` is the state of a record that is not there. */
export interface Store<State> {
  put(id: string, state: State): void;
  remove(id: string): void;
}

/** A change that can be taken back and done again. */
interface Change {
  readonly at: number;
  readonly undo: () => void;
  readonly redo: () => void;
}

/**
 * Reads from a replica that lags. Instead of keeping a second copy of the data, the most recent changes are taken back
 * before such a read and done again after it: exact, and cheap since few changes are that young.
 */
export class StaleReads {
  private setting: StaleSetting = { maxMs: 0, probability: 1 };
  private changes: Change[] = [];

  constructor(private readonly random: () => number) {}

  set(setting: StaleSetting): void {
    this.setting = setting;
    if (setting.maxMs === 0) this.changes = [];
  }

  get current(): StaleSetting {
    return this.setting;
  }

  /** Notes a change that was just made. `at` is a monotonic time in milliseconds. */
  note<State>(
    at: number,
    records: Store<State>,
    id: string,
    before: State | undefined,
    after: State | undefined,
  ): void {
    const { maxMs } = this.setting;
    if (maxMs === 0) return;
    while (this.changes[0] && this.changes[0].at < at - maxMs) this.changes.shift();
    this.changes.push({
      at,
      undo: () => apply(records, id, before),
      redo: () => apply(records, id, after),
    });
  }

  /** Runs a read, which must not wait for anything, at some instant of the last `maxMs`. */
  read<T>(now: number, read: () => T): T {
    const { maxMs, probability } = this.setting;
    if (maxMs === 0 || this.random() >= probability) return read();
    const moment = now - this.random() * maxMs;
    const young = this.changes.filter((change) => change.at > moment);
    for (const change of [...young].reverse()) change.undo();
    try {
      return read();
    } finally {
      for (const change of young) change.redo();
    }
  }
}

function apply<State>(records: Store<State>, id: string, state: State | undefined): void {
  if (state !== undefined) records.put(id, state);
  else records.remove(id);
}
