import type { Goal } from '../bench';
import { forget } from '../engine';
import { median, timed } from '../measure';
import { row, seconds } from '../row';

const partitions = 12;
const rounds = 3;

/** A partitioned first sync by one worker, and by two. */
export const workers: Goal = {
  numbers: [12],
  about: 'two workers against one',
  async measure(bench) {
    const pages = bench.quick ? 60 : 300;
    const pageSize = 50;
    const options = {
      source: { records: pages * pageSize, latencyMs: 100, partitions },
      connector: { pageSize, partitions, rateLimit: { requests: 100_000, per: '10s', concurrency: 3 } },
    };
    return bench.withEngine(options, async (engine) => {
      const sync = async () => {
        await forget(engine);
        return (await timed(() => engine.delta())).milliseconds;
      };
      const times = async () => {
        const found: number[] = [];
        for (let round = 0; round < rounds; round++) found.push(await sync());
        return median(found);
      };
      bench.say('one worker');
      const alone = await times();
      bench.say('two workers');
      await engine.startWorker();
      const both = await times();
      return [
        row(
          12,
          `first sync of ${partitions} partitions, source with 100 ms latency, 3 requests at once a worker: two workers`,
          { ours: seconds(both), reference: `one worker ${seconds(alone)}`, ratio: alone / both },
          { atLeast: 1.7 },
        ),
      ];
    });
  },
};
