/**
 * The reaper's program; see `startReaper`. Arguments: the ledger's file, its owner's pid and time of birth.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { endChildren, endOrphans, readLedger } from './ledger';
import { isAlive, processIdentity } from './processes';

const readEveryMs = 500;

async function reap([file, pid, born]: string[]): Promise<void> {
  const owner = processIdentity.parse({ pid: Number(pid), born });
  // The folder may be removed, with the ledger in it, before the owner ends.
  let last = file === undefined ? undefined : readLedger(file);
  const reading = setInterval(() => {
    last = (file === undefined ? undefined : readLedger(file)) ?? last;
  }, readEveryMs);
  for await (const _ of process.stdin);
  clearInterval(reading);
  // The pipe is closed a moment before the process is gone.
  while (isAlive(owner)) await sleep(50);
  if (file === undefined) return;
  if (existsSync(file)) await endOrphans(file, { owner });
  else await endChildren(last?.children ?? []);
}

void reap(process.argv.slice(2));
