import { realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { forgetServers } from './servers';

/** Stops what globalSetup started and removes its folder. */
export default async function globalTeardown(): Promise<void> {
  const servers = forgetServers();
  if (servers === undefined) return;
  await Promise.all(servers.started.map((server) => server.stop()));
  await servers.reaper.stop();
  // As root under a TMPDIR that PostgreSQL's user cannot reach, its data lie elsewhere, behind a link.
  rmSync(realpathSync(join(servers.folder, 'postgres')), { recursive: true, force: true });
  rmSync(servers.folder, { recursive: true, force: true });
}
