import { until } from '../invariants/support';
import { type Engine, startEngine } from '../support/engine';
import { startTokenList, tokenList } from '../support/sources/tokenList';
import { startChildWorker } from '../support/workers/children';

/**
 * A list by tokens goes on from the newest resume point however often it is interrupted: one that goes on from the first would read the
 * same pages again and take them for a circle.
 *
 * The tests wait for retries and heartbeats most of the time, so they run side by side; each has an engine of its own.
 */
const count = 80;

async function startInterrupted(): Promise<{ engine: Engine; requests: string[] }> {
  const source = await startTokenList(count, 20);
  const engine = await startEngine({
    connector: tokenList,
    settings: { baseUrl: source.baseUrl },
    secrets: { token: 't' },
  });
  return { engine, requests: source.requests };
}

/** Batches that PostgreSQL fails, counted from 1, whatever else they hold. */
async function failBatches({ db }: Engine, which: readonly number[]): Promise<void> {
  await db.raw('create sequence batches');
  await db.raw(`create function fail_batches() returns trigger language plpgsql as $$
    begin
      if nextval('batches') in (${which.join(', ')}) then raise 'the server shuts down' using errcode = '57P01'; end if;
      return new;
    end $$`);
  await db.raw(`create trigger fail_batches before update on tidemark.run_parts for each row
    when (new.records > old.records) execute function fail_batches()`);
}

async function read({ db }: Engine, step: string): Promise<number> {
  return Number((await db('tidemark.run_parts').where({ step }).orderBy('run_id', 'desc').first())?.records ?? 0);
}

async function batches({ db }: Engine): Promise<number> {
  return Number((await db.raw('select last_value from batches')).rows[0].last_value);
}

test.concurrent('batches that fail, several times in one first sync', async () => {
  const { engine, requests } = await startInterrupted();
  await failBatches(engine, [2, 3, 5]);
  const result = await engine.delta('things');
  expect(result).toMatchObject({ outcome: 'succeeded', counts: { inserted: count, updated: 0, unchanged: 0 } });
  expect((await engine.rows('acme_things')).size).toBe(count);
  expect(await batches(engine)).toBeGreaterThan(5);
  // pages of the failed batches were asked for again, and those before them were not
  expect(requests.length).toBeGreaterThan(count / 2);
  expect(requests.filter((path) => path === requests[0])).toHaveLength(1);
}, 60_000);

test.concurrent('a worker that is killed, then batches that fail, then a worker that is shut down', async () => {
  const { engine, requests } = await startInterrupted();
  await engine.worker.stop();
  const child = await startChildWorker(engine);
  const running = engine.delta('things');
  await until(async () => (await read(engine, 'pull')) > count / 8);
  await child.kill('SIGKILL');
  expect(await read(engine, 'pull')).toBeLessThan(count);
  await failBatches(engine, [1, 3]);
  const second = await engine.startWorker();
  await until(async () => (await batches(engine)) > 3);
  await Promise.all([second.stop(), engine.startWorker()]);
  const result = await running;
  expect(result).toMatchObject({ outcome: 'succeeded', counts: { inserted: count, updated: 0, unchanged: 0 } });
  expect((await engine.rows('acme_things')).size).toBe(count);
  expect(requests.filter((path) => path === requests[0])).toHaveLength(1);
}, 120_000);

test.concurrent('batches of a scan that fail: it stages every id once, and nothing is deleted', async () => {
  const { engine } = await startInterrupted();
  await engine.delta('things');
  await failBatches(engine, [2, 3, 5]);
  const result = await engine.reconcile('things');
  expect(result).toMatchObject({ outcome: 'succeeded', scanned: count, missing: 0, gone: 0, unlisted: 0, deleted: 0 });
  expect(await batches(engine)).toBeGreaterThan(5);
}, 60_000);
