import { closeSync, copyFileSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';

const checkEveryMs = 10_000;

/** The log of one child process. */
export interface LogFile {
  readonly path: string;
  /** open for appending; handed to the child as its stdout and stderr */
  readonly fd: number;
  /** Moves the text to `<path>.1` when the file has grown over the limit. */
  rotateIfLarge(): void;
  /** The last lines, for an error message. */
  tail(lines: number): string;
  close(): void;
}

/**
 * Opens a log that stays under about twice `maxBytes`: the file and one older copy.
 * The child writes to the file itself, not through a pipe of ours, so that it can still say why it ended when we are gone;
 * therefore the text is copied and the file cut, which works since it was opened for appending. Lines written within
 * that instant are lost.
 */
export function openLog(path: string, maxBytes = 10 * 1024 * 1024): LogFile {
  mkdirSync(dirname(path), { recursive: true });
  const fd = openSync(path, 'a+', 0o600);
  const rotateIfLarge = () => {
    if (fstatSync(fd).size <= maxBytes) return;
    copyFileSync(path, `${path}.1`);
    ftruncateSync(fd);
  };
  const timer = setInterval(rotateIfLarge, checkEveryMs).unref();
  return {
    path,
    fd,
    rotateIfLarge,
    tail: (lines) => tail(fd, lines),
    close() {
      clearInterval(timer);
      closeSync(fd);
    },
  };
}

function tail(fd: number, lines: number): string {
  const size = fstatSync(fd).size;
  const bytes = Buffer.alloc(Math.min(size, 16 * 1024));
  readSync(fd, bytes, 0, bytes.length, size - bytes.length);
  return bytes.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
}
