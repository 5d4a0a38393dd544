import { setTimeout as sleep } from 'node:timers/promises';
import type { Goal } from '../bench';
import { quantile, timed } from '../measure';
import { row, seconds } from '../row';
import { deliver } from '../sender/delivery';
import { idOf } from '../source/records';
import { startBare, startWebhookServer, watchCommits } from '../webhooks';

/** how long everything rests between two of them */
const restMs = 150;

/** One webhook at a time on an idle engine, beside one bare workflow at a time. */
export const webhookLatency: Goal = {
  numbers: [7],
  about: 'webhook received → row committed',
  async measure(bench) {
    const times = bench.quick ? 10 : 100;
    return bench.withEngine({ source: { records: times + 10 } }, async (engine) => {
      const [server, bare, commits] = await Promise.all([
        startWebhookServer(bench, engine),
        startBare(bench),
        watchCommits(engine.databaseUrl),
      ]);
      const ours: number[] = [];
      const theirs: number[] = [];
      for (let index = 0; index < times + 5; index++) {
        bench.say(`webhook ${index} of ${times}`);
        const committed = commits.of(idOf(index));
        const mine = await timed(async () => {
          await deliver(server.url, `event-${index}`, index);
          await committed;
        });
        await sleep(restMs);
        const reference = await timed(bare.run);
        await sleep(restMs);
        // the first ones warm everything up
        if (index < 5) continue;
        ours.push(mine.milliseconds);
        theirs.push(reference.milliseconds);
      }
      await Promise.all([server.stop(), bare.stop(), commits.close()]);
      const compared = (what: string, share: number, atMost: number) =>
        row(
          7,
          what,
          {
            ours: seconds(quantile(ours, share)),
            reference: `bare workflow ${seconds(quantile(theirs, share))}`,
            ratio: quantile(ours, share) / quantile(theirs, share),
          },
          { atMost },
        );
      return [
        compared('webhook sent → row committed, idle, p50', 0.5, 0.5),
        compared('webhook sent → row committed, idle, p99', 0.99, 1),
      ];
    });
  },
};
