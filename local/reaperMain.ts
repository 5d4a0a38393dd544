/**
 * The reaper's program; see `startReaper`. Arguments: the ledger's file, its owner's pid and time of birth.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { endOrphans } from './ledger';
import { isAlive, processIdentity } from './processes';

async function reap([file, pid, born]: string[]): Promise<void> {
  const owner = processIdentity.parse({ pid: Number(pid), born });
  for await (const _ of process.stdin);
  // The pipe is closed a moment before the process is gone.
  while (isAlive(owner)) await sleep(50);
  if (file !== undefined) await endOrphans(file, { owner });
}

void reap(process.argv.slice(2));
