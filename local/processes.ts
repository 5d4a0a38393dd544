import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { codeOf, readIfThere } from './files';

/**
 * A process, named so that a later one with the same pid is not taken for it: pids are used again (in a container
 * within minutes), the pair of pid and time of birth is not.
 */
export const processIdentity = z.object({ pid: z.int().positive(), born: z.string().min(1) });
export type ProcessIdentity = z.infer<typeof processIdentity>;

/** A child process as the ledger keeps it: what it is, the signal that asks it to end cleanly, and how long that may take. */
export const childRecord = processIdentity.extend({
  name: z.string().min(1),
  stopSignal: z.enum(['SIGTERM', 'SIGINT']),
  stopLimitMs: z.int().positive(),
});
export type ChildRecord = z.infer<typeof childRecord>;

/** When the process with this pid was born, in a form that only serves to be compared; undefined where none lives. */
export function birthOf(pid: number): string | undefined {
  return process.platform === 'linux' ? birthFromProc(pid) : birthFromPs(pid);
}

/** Who we are, as others will look for us. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, born: birthOf(process.pid) ?? 'unknown' };
}

/** Whether exactly this process still lives; a zombie does not. */
export function isAlive(identity: ProcessIdentity): boolean {
  return birthOf(identity.pid) === identity.born;
}

/**
 * Ends a process: first by its own signal, after its limit by SIGKILL, and then what is left of its process group.
 * Does nothing where it no longer lives, or where its pid belongs to another process by now.
 */
export async function endProcess(child: ChildRecord): Promise<void> {
  if (!isAlive(child)) return;
  signal(child.pid, child.stopSignal);
  if (!(await goneWithin(child, child.stopLimitMs))) {
    signal(child.pid, 'SIGKILL');
    await goneWithin(child, 10_000);
  }
  // Every child of ours leads its own group, so this reaches only what it started itself.
  signal(-child.pid, 'SIGKILL');
}

/** Sends a signal; a process that is already gone is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

async function goneWithin(identity: ProcessIdentity, limitMs: number): Promise<boolean> {
  const end = Date.now() + limitMs;
  while (isAlive(identity)) {
    if (Date.now() > end) return false;
    await sleep(50);
  }
  return true;
}

// proc(5): field 22 is the start time in ticks since boot, field 3 the state. The name (field 2) may hold spaces and brackets.
function birthFromProc(pid: number): string | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, ticks] = [fields[0], fields[19]];
  if (state === 'Z' || state === 'X' || ticks === undefined) return undefined;
  return `${readIfThere('/proc/sys/kernel/random/boot_id')?.trim() ?? 'boot'}:${ticks}`;
}

function readProc(file: string): string | undefined {
  try {
    return readIfThere(file);
  } catch (error) {
    // The process ended between open and read.
    if (codeOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}

function birthFromPs(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    if (line === '' || line.startsWith('Z')) return undefined;
    return line.slice(line.search(/\s/)).trim();
  } catch (error) {
    // ps ends with status 1 where no such process lives.
    if (typeof error === 'object' && error !== null && 'status' in error && error.status === 1) return undefined;
    throw error;
  }
}
