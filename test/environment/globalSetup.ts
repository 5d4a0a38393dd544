import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLedger } from '../../local/ledger';
import { startPostgres } from '../../local/postgres/postgres';
import { startReaper } from '../../local/reaper';
import { findTemporal, startTemporal } from '../../local/temporal/temporal';
import { bundleWorkflows } from '../../workers/bundle';
import { rememberServers } from './servers';
import { publishSettings } from './settings';
import { makeTemplate } from './template';

/** Starts the one PostgreSQL and the one Temporal dev server that all suites share, in a fresh folder of their own. */
export default async function globalSetup(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-test-'));
  // As root, PostgreSQL runs as another user, who has to pass through.
  chmodSync(folder, 0o711);
  const ledger = openLedger(join(folder, 'processes.json'));
  const reaper = startReaper(ledger, join(folder, 'reaper.log'));
  const started: { stop(): Promise<void> }[] = [];
  rememberServers({ folder, ledger, reaper, started });

  const onProgress = (sentence: string) => process.stderr.write(`${sentence}\n`);
  const workflowBundle = join(folder, 'workflows.js');
  const [postgres, temporal] = await Promise.all([
    startPostgres({
      dataFolder: join(folder, 'postgres'),
      port: 0,
      // Nothing here has to survive a power cut; a test of durability starts a server of its own.
      settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
      watcher: ledger,
      // another version, see test/postgres
      programs: process.env.TIDEMARK_TEST_POSTGRES,
    }).then(remember),
    startSharedTemporal(),
    bundleWorkflows(join(__dirname, '..', '..', 'workflows', 'index.ts'), workflowBundle),
  ]);
  publishSettings({ ...temporal, postgresUrl: postgres.url, workflowBundle });
  await makeTemplate(postgres.url);

  async function startSharedTemporal(): Promise<{ temporalAddress: string; temporalBinary: string }> {
    // Never the server that the developer's shell points at.
    const found = await findTemporal({ env: { ...process.env, TEMPORAL_ADDRESS: undefined }, onProgress });
    if (found.kind !== 'binary') throw new Error(`expected a Temporal program, found a server at ${found.address}`);
    const server = await startTemporal({
      binary: found.path,
      dbFile: join(folder, 'temporal.db'),
      port: 0,
      uiPort: 0,
      watcher: ledger,
    }).then(remember);
    return { temporalAddress: server.address, temporalBinary: found.path };
  }

  function remember<T extends { stop(): Promise<void> }>(server: T): T {
    started.push(server);
    return server;
  }
}
