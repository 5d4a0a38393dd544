import type { Goal } from '../bench';
import { row } from '../row';
import type { SourceStats } from '../source/main';

const requests = 200;
const windowMs = 2_000;
const workers = 4;

/** One account's limit, kept by several workers together and counted where it matters: at the source. */
export const budget: Goal = {
  numbers: [13],
  about: 'one rate budget over four workers',
  async measure(bench) {
    const windows = bench.quick ? 4 : 10;
    const pageSize = 10;
    const engine = {
      workers,
      source: { records: windows * requests * pageSize, partitions: 8 },
      connector: {
        pageSize,
        partitions: 8,
        rateLimit: { requests, per: `${windowMs}ms`, concurrency: 8 },
      },
    };
    return bench.withEngine(engine, async ({ source, delta }) => {
      bench.say(`${windows * requests} requests by ${workers} workers, ${requests} in ${windowMs} ms allowed`);
      await source.ask('reset');
      await delta();
      const { at } = await source.ask<SourceStats>('stats');
      const most = mostInWindow(at);
      const used = shareUsed(at);
      return [
        row(
          13,
          `most requests at the source in any ${windowMs} ms, ${workers} workers`,
          { ours: `${most}`, reference: `limit ${requests}`, ratio: most / requests },
          { atMost: 1 },
        ),
        row(
          13,
          '… share of the limit that was used',
          { ours: `${(used * 100).toFixed(0)} %`, ratio: used },
          { atLeast: 0.9 },
        ),
      ];
    });
  },
};

function mostInWindow(at: readonly number[]): number {
  let most = 0;
  let first = 0;
  at.forEach((moment, index) => {
    while ((at[first] ?? moment) <= moment - windowMs) first += 1;
    most = Math.max(most, index - first + 1);
  });
  return most;
}

/** From the first window's end to the last request but a window: neither the full first window nor the end counts. */
function shareUsed(at: readonly number[]): number {
  const from = (at[0] ?? 0) + windowMs;
  const to = (at.at(-1) ?? 0) - windowMs / 2;
  const count = at.filter((moment) => moment >= from && moment < to).length;
  return count / ((requests * (to - from)) / windowMs);
}
