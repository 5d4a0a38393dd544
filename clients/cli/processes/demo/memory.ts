import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The peak memory of a process where the system reports it, else its present memory. Null where neither is known. */
export function peakMegabytes(pid: number | undefined): number | null {
  if (pid === undefined) return null;
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kilobytes === undefined ? residentMegabytes(pid) : Math.round(Number(kilobytes) / 1024);
  } catch {
    return residentMegabytes(pid);
  }
}

function residentMegabytes(pid: number): number | null {
  try {
    return Math.round(Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024);
  } catch {
    return null;
  }
}
