import { Client, Connection } from '@temporalio/client';
import { Client as PgClient } from 'pg';
import { migrate } from '../destination/database/migrate';
import { type Engine, type EngineOptions, type Ground, startEngine } from './engine';
import type { Row } from './row';
import type { Servers } from './servers';

/** What a goal is measured with. */
export interface Bench extends Ground {
  readonly servers: Servers;
  /** small sizes: tells whether the benchmark works, not how fast the engine is */
  readonly quick: boolean;
  /** whether a goal was asked for: one that shares its measurements with others leaves out what only those need */
  wants(goal: number): boolean;
  /** Tells whoever waits what is being done. */
  say(sentence: string): void;
  /** Runs `work` on an engine of its own, and ends that engine however it went. */
  withEngine<T>(options: EngineOptions, work: (engine: Engine) => Promise<T>): Promise<T>;
}

/** One goal, or several that share their measurements. */
export interface Goal {
  readonly numbers: readonly number[];
  readonly about: string;
  measure(bench: Bench): Promise<Row[]>;
}

export async function createBench(
  servers: Servers,
  { quick, wants, say }: Pick<Bench, 'quick' | 'wants' | 'say'>,
): Promise<Bench & { close(): Promise<void> }> {
  const connection = await Connection.connect({ address: servers.temporal.address });
  let databases = 0;
  const bench: Bench & { close(): Promise<void> } = {
    servers,
    quick,
    wants,
    say,
    client: new Client({ connection }),
    temporalAddress: servers.temporal.address,
    async newDatabase() {
      databases += 1;
      const name = `bench_${databases}`;
      await execute(servers.postgres.url, `create database ${name}`);
      const url = new URL(servers.postgres.url);
      url.pathname = `/${name}`;
      await migrate(url.href);
      return url.href;
    },
    async withEngine(options, work) {
      const engine = await startEngine(bench, options);
      try {
        return await work(engine);
      } finally {
        await engine.close();
        // what one goal left on disk must not be written out while the next is measured
        await execute(
          servers.postgres.url,
          `drop database ${new URL(engine.databaseUrl).pathname.slice(1)} with (force)`,
        );
        await execute(servers.postgres.url, 'checkpoint');
      }
    },
    close: () => connection.close(),
  };
  return bench;
}

/** One statement on a connection of its own. */
export async function execute(url: string, sql: string): Promise<void> {
  const client = new PgClient({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
