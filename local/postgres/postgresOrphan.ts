import { spawnSync } from 'node:child_process';
import { readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, readIfThere } from '../files';
import { birthOf, endProcess } from '../processes';

/**
 * Makes way on a cluster whose supervisor was killed. A postmaster that still runs there is ended. One that is gone has left
 * `postmaster.pid`; when its pid belongs to another process by now, PostgreSQL takes that one for itself and refuses to
 * start, so the file is removed.
 */
export async function endOrphanedPostmaster(cluster: string): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  const pid = Number(readIfThere(pidFile)?.split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return;
  const born = birthOf(pid);
  if (born !== undefined && isPostmasterOf(pid, cluster)) {
    await endProcess({ name: 'postgres', pid, born, stopSignal: 'SIGINT', stopLimitMs: 30_000 });
  }
  rmSync(pidFile, { force: true });
}

/** The working directory of a postmaster is its cluster; where the system has no /proc, its command line names it. */
function isPostmasterOf(pid: number, cluster: string): boolean {
  if (process.platform !== 'linux') {
    const { stdout } = spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return stdout.includes(`postgres -D ${cluster} `);
  }
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(cluster);
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ESRCH'].includes(codeOf(error) ?? '')) return false;
    throw error;
  }
}
