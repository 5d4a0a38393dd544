import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { createConnection } from '../../destination/connections/connections';
import { keyRing, saveSecrets } from '../../destination/connections/secrets';
import { startTemporal } from '../../local/temporal/temporal';
import { workflowNames } from '../../schema/workflows';
import type { Bench, Goal } from '../bench';
import { connectorName, entityName, webhookSecret } from '../connector';
import { type Engine, type EngineOptions, encryptionKey, type Ground, startEngine } from '../engine';
import { quantile, timed } from '../measure';
import { startProgram } from '../program';
import { type Row, row, seconds } from '../row';
import { deliver } from '../sender/delivery';
import { idOf } from '../source/records';
import { type Commits, startWebhookServer, watchCommits } from '../webhooks';
import type { WorkerInput } from '../worker/main';

const other = 'other';

const what = "webhook sent → row committed next to another tenant's backfill, p99";

/** One tenant's backfill next to another's webhooks. */
export const tenants: Goal = {
  numbers: [12],
  about: "one tenant's backfill next to another's webhooks",
  async measure(bench): Promise<Row[]> {
    const shared = await bench.withEngine(options(bench), (engine) => measured(bench, bench, engine));
    const apart = await bench.withEngine(options(bench), (engine) => besideItsOwnWorker(bench, engine));
    const without = await withoutPriorities(bench);
    return [
      told(`${what}: one worker, priority and fairness keys switched on in the server`, shared),
      told('… the same, keys switched off', without),
      told('… keys switched on, webhooks on a task queue with a worker of its own', apart),
    ];
  },
};

interface Figures {
  readonly idle: readonly number[];
  readonly beside: readonly number[];
}

const options = ({ quick }: Bench): EngineOptions => ({ source: { records: quick ? 100_000 : 800_000 } });

function told(about: string, { idle, beside }: Figures): Row {
  const [alone, crowded] = [quantile(idle, 0.99), quantile(beside, 0.99)];
  return row(
    12,
    about,
    { ours: seconds(crowded), reference: `idle ${seconds(alone)}`, ratio: crowded / alone },
    { atMost: 3 },
  );
}

/** Webhooks while nothing else is on, and then while another tenant's first sync is; `taskQueue`: of the webhooks. */
async function measured(bench: Bench, ground: Ground, engine: Engine, taskQueue?: string): Promise<Figures> {
  const times = bench.quick ? 10 : 60;
  const server = await startWebhookServer(ground, engine, taskQueue);
  const commits = await watchCommits(engine.databaseUrl);
  await addTenant(engine);
  bench.say('webhooks while idle');
  const idle = await latencies(server.url, commits, times, 0);
  bench.say('webhooks next to a backfill');
  const backfill = await startBackfill(engine);
  const beside = await latencies(server.url, commits, times, times);
  const { status } = await backfill.describe();
  if (status.name !== 'RUNNING') throw new Error('the backfill ended before the webhooks did');
  await backfill.terminate();
  await Promise.all([server.stop(), commits.close()]);
  return { idle, beside };
}

async function besideItsOwnWorker(bench: Bench, engine: Engine): Promise<Figures> {
  const taskQueue = `${engine.taskQueue}-webhooks`;
  const { databaseUrl } = engine;
  const { temporalAddress } = bench;
  const input: WorkerInput = { databaseUrl, temporalAddress, taskQueue, connector: {}, encryptionKey };
  const worker = await startProgram<object>('worker', input);
  try {
    return await measured(bench, bench, engine, taskQueue);
  } finally {
    await worker.stop();
  }
}

/** On a Temporal of its own, as server 1.29 is by default: it ignores the keys without a word. */
async function withoutPriorities(bench: Bench): Promise<Figures> {
  const { temporalBinary: binary, folder } = bench.servers;
  const dynamicConfig = { 'matching.useNewMatcher': false, 'matching.enableFairness': false };
  const dbFile = join(folder, 'without.db');
  const temporal = await startTemporal({ binary, dbFile, port: 0, uiPort: 0, dynamicConfig });
  const connection = await Connection.connect({ address: temporal.address });
  const { newDatabase } = bench;
  const ground: Ground = { client: new Client({ connection }), temporalAddress: temporal.address, newDatabase };
  try {
    const engine = await startEngine(ground, options(bench));
    try {
      return await measured(bench, ground, engine);
    } finally {
      await engine.close();
    }
  } finally {
    await connection.close();
    await temporal.stop();
  }
}

async function addTenant({ db, source }: Engine): Promise<void> {
  await createConnection(db, { id: other, connector: connectorName, settings: { baseUrl: source.ready.url } });
  await saveSecrets(db, keyRing(encryptionKey), other, { token: 'token', webhook: webhookSecret });
}

function startBackfill({ client, taskQueue }: Engine) {
  return client.workflow.start(workflowNames.deltaSync, {
    taskQueue,
    workflowId: `${taskQueue}-backfill`,
    args: [{ connectionId: other, entity: entityName, full: false, trigger: 'api' }],
    priority: { priorityKey: 5, fairnessKey: other },
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
