import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from '../../destination/connections';
import { keyRing, saveSecrets } from '../../destination/secrets';
import { workflowNames } from '../../schema/workflows';
import type { Bench, Goal } from '../bench';
import { connectorName, entityName, webhookSecret } from '../connector';
import { type Engine, encryptionKey } from '../engine';
import { quantile, timed } from '../measure';
import { type Row, row, seconds } from '../row';
import { deliver } from '../sender/delivery';
import { idOf } from '../source/records';
import { type Commits, startWebhookServer, watchCommits } from '../webhooks';

const other = 'other';

/** One tenant's backfill beside another's webhooks. */
export const tenants: Goal = {
  numbers: [12],
  about: "one tenant's backfill beside another's webhooks",
  async measure(bench): Promise<Row[]> {
    const times = bench.quick ? 10 : 60;
    const records = bench.quick ? 20_000 : 400_000;
    return bench.withEngine({ source: { records } }, async (engine) => {
      const server = await startWebhookServer(bench, engine);
      const commits = await watchCommits(engine.databaseUrl);
      await addTenant(engine);
      bench.say('webhooks while idle');
      const idle = await latencies(server.url, commits, times, 0);
      bench.say('webhooks beside a backfill');
      const backfill = await startBackfill(bench, engine);
      const beside = await latencies(server.url, commits, times, times);
      const { status } = await backfill.describe();
      await backfill.terminate();
      if (status.name !== 'RUNNING') throw new Error('the backfill ended before the webhooks did');
      await Promise.all([server.stop(), commits.close()]);
      return [
        row(
          12,
          "webhook sent → row committed beside another tenant's backfill on the same worker, p99",
          {
            ours: seconds(quantile(beside, 0.99)),
            reference: `idle ${seconds(quantile(idle, 0.99))}`,
            ratio: quantile(beside, 0.99) / quantile(idle, 0.99),
          },
          { atMost: 3 },
        ),
      ];
    });
  },
};

async function addTenant({ db, source }: Engine): Promise<void> {
  await createConnection(db, { id: other, connector: connectorName, settings: { baseUrl: source.ready.url } });
  await saveSecrets(db, keyRing(encryptionKey), other, { token: 'token', webhook: webhookSecret });
}

function startBackfill({ client }: Bench, { taskQueue }: Engine) {
  return client.workflow.start(workflowNames.deltaSync, {
    taskQueue,
    workflowId: `${taskQueue}-backfill`,
    args: [{ connectionId: other, entity: entityName, full: false, trigger: 'test' }],
  });
}

async function latencies(url: string, commits: Commits, times: number, from: number): Promise<number[]> {
  const found: number[] = [];
  for (let index = from; index < from + times + 5; index++) {
    const committed = commits.of(idOf(index));
    const { milliseconds } = await timed(async () => {
      await deliver(url, `tenant-${from}-${index}`, index);
      await committed;
    });
    // the first ones warm everything up
    if (index >= from + 5) found.push(milliseconds);
    await sleep(100);
  }
  return found;
}
