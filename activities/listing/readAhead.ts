/** What is read ahead: a page, and whatever has been made of it. */
export interface ReadPage {
  readonly records: number;
  readonly bytes: number;
}

export interface ReadAhead {
  /** pages are written together up to about this many records; more would only hold memory */
  readonly batch: number;
  /** and at most this many are fetched beforehand while a batch is being written */
  readonly ahead: number;
}

const ofRecords: ReadAhead = { batch: 2_000, ahead: 3_000 };
/** For pages of which only ids and versions wait, some 60 bytes each. */
export const ofIds: ReadAhead = { batch: 50_000, ahead: 70_000 };
/** The same in bytes. */
const batchBytes = 8_000_000;
const aheadBytes = 16_000_000;

/**
 * How long the writer has to send its statement before room is noticed: to look at a page takes longer than to begin a transaction,
 * and would keep it waiting, with PostgreSQL idle.
 */
const headStartMs = 5;

/**
 * Fetches the next pages while the former are being written, and hands out together what has come meanwhile: a slow
 * source has each page written at once, a fast one with small pages gets large batches. Memory is bounded in records
 * and bytes. An error of the source comes after the pages that came before it. A consumer that stops early aborts the
 * request that is under way.
 */
export async function* inBatches<Page extends ReadPage>(
  read: (signal: AbortSignal) => AsyncIterable<Page>,
  cancelled: AbortSignal,
  limits: ReadAhead = ofRecords,
): AsyncGenerator<Page[]> {
  const stopped = new AbortController();
  const iterator = read(AbortSignal.any([cancelled, stopped.signal]))[Symbol.asyncIterator]();
  const queue: Page[] = [];
  let records = 0;
  let bytes = 0;
  let ended = false;
  let failure: { error: unknown } | undefined;
  const waiting: (() => void)[] = [];
  const changed = () => {
    for (const wake of waiting.splice(0)) wake();
  };
  const change = () => new Promise<void>((resolve) => waiting.push(resolve));

  const reading = (async () => {
    try {
      while (!ended) {
        while (!ended && queue.length > 0 && (records >= limits.ahead || bytes >= aheadBytes)) await change();
        if (ended) return;
        const next = await iterator.next();
        if (next.done) return;
        queue.push(next.value);
        records += next.value.records;
        bytes += next.value.bytes;
        changed();
      }
    } catch (error) {
      failure = { error };
    } finally {
      ended = true;
      changed();
    }
  })();

  try {
    for (;;) {
      while (queue.length === 0 && !ended) await change();
      const batch: Page[] = [];
      let batchHolds = 0;
      let batchWeighs = 0;
      for (let page = queue[0]; page !== undefined; page = queue[0]) {
        if (batch.length > 0 && (batchHolds + page.records > limits.batch || batchWeighs + page.bytes > batchBytes))
          break;
        queue.shift();
        batch.push(page);
        batchHolds += page.records;
        batchWeighs += page.bytes;
      }
      records -= batchHolds;
      bytes -= batchWeighs;
      setTimeout(changed, headStartMs);
      if (batch.length > 0) yield batch;
      else if (failure) throw failure.error;
      else return;
    }
  } finally {
    ended = true;
    stopped.abort();
    changed();
    await reading;
    await iterator.return?.();
  }
}
