import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, TidemarkError } from '../schema/errors';
import { openLog } from './logs';
import { birthOf, type ChildRecord, endProcess } from './processes';
import type { OnProgress } from './progress';

/** A child process to be kept running. */
export interface ChildOptions {
  /** also the name of its log */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** the child's whole environment; nothing is inherited */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** run as this user (only root can) */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly logFile: string;
  /** asks it to end cleanly; default SIGTERM */
  readonly stopSignal?: ChildRecord['stopSignal'];
  /** how long that may take before SIGKILL; default 10 s */
  readonly stopLimitMs?: number;
  /** the child's stdin is a pipe that closes when we die, however that happens; default none */
  readonly lifeline?: boolean;
  /** called before each start but the first, for what a crash leaves behind */
  readonly beforeRestart?: () => void | Promise<void>;
  readonly watcher?: ChildWatcher | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Called at every start and end of a child, as it happens; the ledger is one. */
export interface ChildWatcher {
  born(child: ChildRecord): void;
  gone(child: ChildRecord): void;
}

/** A child process that is started again whenever it dies, until it is stopped. */
export interface SupervisedChild {
  readonly name: string;
  /** of the present process; undefined between two of them */
  readonly pid: number | undefined;
  /** how often it died and was started again */
  readonly restarts: number;
  readonly logFile: string;
  /** The last lines of its log, for an error message. */
  tail(lines: number): string;
  /** Ends it cleanly, or by force after its limit; resolves when it is gone. */
  stop(): Promise<void>;
}

/** A child that lived this long starts again at once when it dies; before that the pauses double. */
const stableAfterMs = 20_000;
const shortestPauseMs = 200;
const longestPauseMs = 10_000;

/**
 * Starts a child process and keeps it running. It leads its own process group, so that Ctrl-C in the terminal reaches
 * only us and we end our children in the right order.
 */
export function supervise(options: ChildOptions): SupervisedChild {
  return new Supervisor(options);
}

/**
 * Waits until `probe` resolves, trying again while it throws. Gives up when the child has died `deaths` times or after
 * `limitMs`: then stops it and throws with the end of its log.
 */
export async function untilReady(
  child: SupervisedChild,
  probe: () => Promise<void>,
  { limitMs = 120_000, deaths = 6 } = {},
): Promise<void> {
  const end = Date.now() + limitMs;
  let last: unknown;
  while (child.restarts < deaths && Date.now() < end) {
    try {
      return await probe();
    } catch (error) {
      last = error;
      await sleep(50);
    }
  }
  const why = child.restarts >= deaths ? `it died ${child.restarts} times` : messageOf(last);
  const message = `${child.name} did not start: ${why}. The end of ${child.logFile}:\n${child.tail(8)}`;
  await child.stop();
  throw new TidemarkError('EmbeddedUnavailable', message, { cause: last });
}

class Supervisor implements SupervisedChild {
  readonly name: string;
  readonly logFile: string;
  restarts = 0;
  private readonly log;
  private readonly stopping = new AbortController();
  private readonly finished: Promise<void>;
  private current: ChildRecord | undefined;
  private stopped: Promise<void> | undefined;

  constructor(private readonly options: ChildOptions) {
    this.name = options.name;
    this.logFile = options.logFile;
    this.log = openLog(options.logFile);
    this.finished = this.keepRunning();
  }

  get pid(): number | undefined {
    return this.current?.pid;
  }

  tail(lines: number): string {
    return this.log.tail(lines);
  }

  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  private async end(): Promise<void> {
    this.stopping.abort();
    if (this.current !== undefined) await endProcess(this.current);
    await this.finished;
    this.log.close();
  }

  private async keepRunning(): Promise<void> {
    let pause = shortestPauseMs;
    while (true) {
      const startedAt = Date.now();
      const how = await this.runOnce();
      if (this.stopping.signal.aborted) return;
      if (Date.now() - startedAt > stableAfterMs) pause = shortestPauseMs;
      this.restarts++;
      this.options.onProgress?.(`${this.name} ended unexpectedly (${how}); starting it again`);
      await this.pauseUnlessStopped(pause);
      pause = Math.min(pause * 2, longestPauseMs);
      if (this.stopping.signal.aborted) return;
      await this.prepare();
    }
  }

  private async pauseUnlessStopped(ms: number): Promise<void> {
    try {
      await sleep(ms, undefined, { signal: this.stopping.signal });
    } catch (error) {
      if (!this.stopping.signal.aborted) throw error;
    }
  }

  private async prepare(): Promise<void> {
    this.log.rotateIfLarge();
    try {
      await this.options.beforeRestart?.();
    } catch (error) {
      this.options.onProgress?.(`${this.name}: ${messageOf(error)}`);
    }
  }

  /** Resolves with how the process ended. */
  private runOnce(): Promise<string> {
    const { command, args, env, cwd, user, watcher, name } = this.options;
    const { stopSignal = 'SIGTERM', stopLimitMs = 10_000 } = this.options;
    const child = spawn(command, args, {
      env,
      detached: true,
      stdio: [this.options.lifeline ? 'pipe' : 'ignore', this.log.fd, this.log.fd],
      ...(cwd === undefined ? {} : { cwd }),
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
    });
    if (child.pid !== undefined) {
      this.current = { name, pid: child.pid, born: birthOf(child.pid) ?? 'unknown', stopSignal, stopLimitMs };
      watcher?.born(this.current);
    }
    return ending(child).finally(() => {
      if (this.current !== undefined) watcher?.gone(this.current);
      this.current = undefined;
    });
  }
}

function ending(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit status ${code}`));
  });
}
