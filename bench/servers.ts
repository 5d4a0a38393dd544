import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger } from '../local/ledger';
import { type RunningPostgres, startPostgres } from '../local/postgres/postgres';
import { startReaper } from '../local/reaper';
import { findTemporal, type RunningTemporal, startTemporal } from '../local/temporal/temporal';

/** PostgreSQL and Temporal of the benchmark's own, as the embedded default starts them: durable, nothing switched off. */
export interface Servers {
  readonly folder: string;
  readonly postgres: RunningPostgres;
  readonly temporal: RunningTemporal;
  readonly temporalBinary: string;
  stop(): Promise<void>;
}

export async function startServers(onProgress: (sentence: string) => void): Promise<Servers> {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-bench-'));
  // as root, PostgreSQL runs as another user, who has to pass through
  chmodSync(folder, 0o711);
  const ledger = openLedger(join(folder, 'processes.json'));
  const reaper = startReaper(ledger, join(folder, 'reaper.log'));
  const found = await findTemporal({ env: { ...process.env, TEMPORAL_ADDRESS: undefined }, onProgress });
  if (found.kind !== 'binary') throw new Error(`expected a Temporal program, found a server at ${found.address}`);
  const postgres = await startPostgres({ dataFolder: join(folder, 'postgres'), port: 0, watcher: ledger });
  const temporal = await startTemporal({
    binary: found.path,
    dbFile: join(folder, 'temporal.db'),
    port: 0,
    uiPort: 0,
    watcher: ledger,
  });
  return {
    folder,
    postgres,
    temporal,
    temporalBinary: found.path,
    async stop() {
      await temporal.stop();
      await postgres.stop();
      await reaper.stop();
      ledger.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
