import { randomInt } from 'node:crypto';
import { chmodSync, existsSync } from 'node:fs';
import { platform } from 'node:os';
import { Connection } from '@temporalio/client';
import { choosePort, choosePreferred, releasePort } from '../ports';
import type { OnProgress } from '../progress';
import { type ChildWatcher, supervise, untilReady } from '../supervise';
import { startUiGate } from './uiGate';

export { findTemporal, type TemporalBinary, type TemporalFound } from './temporalBinary';

/** How to start a Temporal dev server. */
export interface TemporalOptions {
  /** path of the `temporal` program, from `findTemporal` */
  readonly binary: string;
  /** SQLite file that keeps all workflows and schedules; made when missing */
  readonly dbFile: string;
  /** gRPC port to take when it is free, else 7233, else any free one; 0 stands for any free one */
  readonly port?: number | undefined;
  /** the same for the UI, with 8233 */
  readonly uiPort?: number | undefined;
  /** a namespace to make beside `default` */
  readonly namespace?: string | undefined;
  /** further search attributes to register, beside Tidemark's own */
  readonly searchAttributes?: Readonly<Record<string, SearchAttributeKind>>;
  /** further dynamic configuration, which wins over ours; values are JSON */
  readonly dynamicConfig?: Readonly<Record<string, unknown>>;
  /** default `<dbFile>.log` */
  readonly logFile?: string;
  readonly watcher?: ChildWatcher | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export type SearchAttributeKind = 'Text' | 'Keyword' | 'Int' | 'Double' | 'Bool' | 'Datetime' | 'KeywordList';

/** A running dev server; when it dies it comes back on the same ports with the same workflows. */
export interface RunningTemporal {
  /** `host:port` of the gRPC service */
  readonly address: string;
  readonly uiUrl: string;
  /** of the server now running; undefined in the moment between two */
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** What every run carries, so that the Temporal UI can be searched by it. */
export const tidemarkSearchAttributes: Readonly<Record<string, SearchAttributeKind>> = {
  TidemarkConnection: 'Keyword',
  TidemarkEntity: 'Keyword',
  TidemarkStrategy: 'Keyword',
};

// Known to the server in CLI 1.5.1 (server 1.29); a server that does not know a key ignores it.
const defaultDynamicConfig: Readonly<Record<string, unknown>> = {
  // An activity may start on the worker that scheduled it without a round trip through the task queue.
  'system.enableActivityEagerExecution': true,
  // Priorities (webhooks before deltas before reconciliations) and fairness between connections.
  'matching.useNewMatcher': true,
  'matching.enableFairness': true,
  // The HTTP API takes text/plain from any page that a browser on this machine shows, and nothing of ours uses it: no host is allowed.
  'frontend.httpAllowedHosts': [],
};

const host = '127.0.0.1';

/**
 * Starts a Temporal dev server on 127.0.0.1 with its state in a file, its UI, and Tidemark's search attributes.
 * Survives `kill -9` and restarts with everything it had acknowledged.
 */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  const port = await choosePreferred(options.port, 7233);
  const uiPort = await choosePreferred(options.uiPort, 8233);
  // Chosen by us so that none of them is the one that PostgreSQL or we ourselves are about to take.
  const [httpPort, metricsPort, bareUiPort] = [await choosePort(), await choosePort(), await choosePort()];
  const uiHost = hiddenLoopback();
  const gate = await startUiGate({ port: uiPort, to: { host: uiHost, port: bareUiPort } });
  closeToOthers(options.dbFile);
  const child = supervise({
    name: 'temporal',
    // everything that it makes is for this user only
    command: '/bin/sh',
    args: [
      ...['-c', 'umask 077; exec "$0" "$@"', options.binary],
      ...['server', 'start-dev', '--ip', host, '--port', `${port}`, '--ui-ip', uiHost, '--ui-port', `${bareUiPort}`],
      ...['--http-port', `${httpPort}`, '--metrics-port', `${metricsPort}`, '--db-filename', options.dbFile],
      // A write-ahead log commits several times faster than SQLite's default journal.
      ...['--sqlite-pragma', 'journal_mode=WAL', '--log-level', 'warn', '--color', 'never'],
      ...(options.namespace === undefined ? [] : ['--namespace', options.namespace]),
      ...flags('--search-attribute', { ...tidemarkSearchAttributes, ...options.searchAttributes }, String),
      ...flags('--dynamic-config-value', { ...defaultDynamicConfig, ...options.dynamicConfig }, JSON.stringify),
    ],
    // Nothing of our own environment: the program reads TEMPORAL_* and a configuration file in the home folder.
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/nonexistent' },
    logFile: options.logFile ?? `${options.dbFile}.log`,
    stopLimitMs: 15_000,
    watcher: options.watcher,
    onProgress: options.onProgress,
  });
  const address = `${host}:${port}`;
  try {
    await untilReady(child, () => answers(address));
  } catch (error) {
    await gate.close();
    throw error;
  }
  return {
    address,
    uiUrl: `http://${host}:${uiPort}`,
    get pid() {
      return child.pid;
    },
    async stop() {
      await child.stop();
      await gate.close();
      for (const taken of [port, uiPort, httpPort, metricsPort, bareUiPort]) releasePort(taken);
    },
  };
}

/**
 * Where the UI itself listens, behind the gate: on Linux one of sixteen million loopback addresses, so that no page can find it; other
 * systems have only one, and there its port, which changes with each start, is all that hides it.
 */
function hiddenLoopback(): string {
  return platform() === 'linux' ? `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(1, 255)}` : host;
}

/** Former versions left these readable by every user of the machine. */
function closeToOthers(dbFile: string): void {
  for (const file of [dbFile, `${dbFile}-wal`, `${dbFile}-shm`]) if (existsSync(file)) chmodSync(file, 0o600);
}

function flags<T>(flag: string, values: Readonly<Record<string, T>>, write: (value: T) => string): string[] {
  return Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${write(value)}`]);
}

/** Resolves when the server serves its default namespace, which is the last thing it sets up, with our search attributes. */
async function answers(address: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: '2s' });
  try {
    await connection.withDeadline(Date.now() + 5_000, async () => {
      await connection.workflowService.describeNamespace({ namespace: 'default' });
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
      const missing = Object.keys(tidemarkSearchAttributes).filter((name) => !(name in (customAttributes ?? {})));
      if (missing.length > 0) throw new Error(`search attributes are not registered yet: ${missing.join(', ')}`);
    });
  } finally {
    await connection.close();
  }
}
