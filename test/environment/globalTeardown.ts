import { rmSync } from 'node:fs';
import { forgetServers } from './servers';

/** Stops what globalSetup started and removes its folder. */
export default async function globalTeardown(): Promise<void> {
  const servers = forgetServers();
  if (servers === undefined) return;
  await Promise.all(servers.started.map((server) => server.stop()));
  await servers.reaper.stop();
  rmSync(servers.folder, { recursive: true, force: true });
}
