import type { Ledger } from '../../local/ledger';
import type { SupervisedChild } from '../../local/supervise';

/** What globalSetup hands to globalTeardown; Jest loads them one by one, so that only the process itself remembers. */
export interface SharedServers {
  readonly folder: string;
  readonly ledger: Ledger;
  readonly reaper: SupervisedChild;
  readonly started: { stop(): Promise<void> }[];
}

const holder: typeof globalThis & { tidemarkTestServers?: SharedServers } = globalThis;

export function rememberServers(servers: SharedServers): void {
  holder.tidemarkTestServers = servers;
}

export function forgetServers(): SharedServers | undefined {
  const servers = holder.tidemarkTestServers;
  delete holder.tidemarkTestServers;
  return servers;
}
