import { join } from 'node:path';
import type { Ledger } from './ledger';
import { ownIdentity } from './processes';
import type { OnProgress } from './progress';
import { scriptArguments } from './script';
import { type SupervisedChild, supervise } from './supervise';

/**
 * Starts the reaper of this process: a small process that ends the children in the ledger when we die without having done
 * so, as after `kill -9`. It holds one end of a pipe that the system closes however we end. Stop it last.
 */
export function startReaper(ledger: Ledger, logFile: string, onProgress?: OnProgress): SupervisedChild {
  const { pid, born } = ownIdentity();
  return supervise({
    name: 'reaper',
    command: process.execPath,
    args: [...scriptArguments(join(__dirname, 'reaperMain')), ledger.file, String(pid), born],
    env: {},
    lifeline: true,
    logFile,
    onProgress,
  });
}
