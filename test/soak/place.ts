import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../connectors/simulator/random';
import { openLedger } from '../../local/ledger';
import { choosePort, releasePort } from '../../local/ports';
import { startPostgres } from '../../local/postgres/postgres';
import { startReaper } from '../../local/reaper';
import { type SupervisedChild, supervise, untilReady } from '../../local/supervise';
import { startTemporal } from '../../local/temporal/temporal';
import { type FaultProxy, startFaultProxy } from './faultProxy';
import { connectorsText, type Generated } from './generated';
import { configText, credentials, encryptionKey, type SoakOptions } from './setting';

const root = join(__dirname, '..', '..');
const built = join(root, 'dist');

/** The connections that are broken, each with a proxy of its own between. */
export const linkNames = [
  'worker–source',
  'worker–generated',
  'worker–postgres',
  'worker–temporal',
  'server–postgres',
  'server–temporal',
] as const;
export type LinkName = (typeof linkNames)[number];

/** PostgreSQL, Temporal, a simulated source, two workers and a server, each a process of its own. */
export interface Place {
  /** straight to the servers, for whoever watches */
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly sourceUrl: string;
  /** what the workers know as the source, and as the server of the generated ones */
  readonly baseUrl: string;
  readonly generatedUrl: string;
  readonly serverUrl: string;
  readonly links: Readonly<Record<LinkName, FaultProxy>>;
  /** what can be killed; undefined while it is dead */
  pid(victim: 'postgres' | 'temporal' | 'server' | 'worker 1' | 'worker 2'): number | undefined;
  /** Starts the programs that work on the database, once it is made; resolves when the server answers. */
  startPrograms(): Promise<void>;
  /** The last lines of every program's log. */
  tail(): string;
  stop(): Promise<void>;
}

export async function startPlace(
  options: SoakOptions,
  generated: Pick<Generated, 'port' | 'apis'>,
  onRequest: (link: LinkName, piece: Buffer) => void,
): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-soak-'));
  // As root, PostgreSQL runs as another user, who has to pass through.
  chmodSync(folder, 0o711);
  writeFileSync(join(folder, 'tidemark.config.ts'), configText(connectorsText(generated.apis, root)));
  const ledger = openLedger(join(folder, 'processes.json'));
  const reaper = startReaper(ledger, join(folder, 'reaper.log'));
  const ends: (() => Promise<void>)[] = [
    async () => rmSync(folder, { recursive: true, force: true }),
    async () => ledger.close(),
    () => reaper.stop(),
  ];
  const stop = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };

  try {
    const [postgres, temporal] = await Promise.all([
      startPostgres({ dataFolder: join(folder, 'postgres'), port: 0, watcher: ledger }),
      startTemporal({
        binary: options.temporalBinary,
        dbFile: join(folder, 'temporal.db'),
        port: 0,
        uiPort: 0,
        watcher: ledger,
      }),
    ]);
    ends.push(() => temporal.stop());
    ends.push(() => postgres.stop());

    const run = (name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): SupervisedChild => {
      const child = supervise({
        name,
        command: process.execPath,
        args,
        env: { PATH: process.env.PATH, HOME: folder, LOG_LEVEL: 'warn', ...env },
        cwd: folder,
        logFile: join(folder, `${name.replace(' ', '-')}.log`),
        stopLimitMs: 30_000,
        watcher: ledger,
      });
      ends.push(() => child.stop());
      return child;
    };

    const [sourcePort, serverPort] = [await choosePort(), await choosePort()];
    ends.push(async () => {
      for (const port of [sourcePort, serverPort]) releasePort(port);
    });
    const sourceUrl = `http://127.0.0.1:${sourcePort}`;
    const source = run('source', [
      join(built, 'connectors', 'planning-center', 'simulator', 'main.js'),
      ...['--port', `${sourcePort}`, '--people', `${options.people}`, '--donations', `${options.donations}`],
      ...['--app-id', credentials.appId, '--secret', credentials.secret, '--no-rate-limit'],
      ...['--journal', join(folder, 'source.journal'), '--latency', '3'],
    ]);
    await untilReady(source, () => answers(`${sourceUrl}/control/status`));

    const random = seededRandom(options.seed + 1);
    const proxied = async (link: LinkName, target: number) => {
      const proxy = await startFaultProxy(target, random, (piece) => onRequest(link, piece));
      ends.push(() => proxy.close());
      return proxy;
    };
    const temporalPort = Number(temporal.address.split(':')[1]);
    const links = {
      'worker–source': await proxied('worker–source', sourcePort),
      'worker–generated': await proxied('worker–generated', generated.port),
      'worker–postgres': await proxied('worker–postgres', postgres.port),
      'worker–temporal': await proxied('worker–temporal', temporalPort),
      'server–postgres': await proxied('server–postgres', postgres.port),
      'server–temporal': await proxied('server–temporal', temporalPort),
    };
    const environment = (who: 'worker' | 'server') => ({
      DATABASE_URL: postgres.url.replace(`:${postgres.port}/`, `:${links[`${who}–postgres`].port}/`),
      TEMPORAL_ADDRESS: `127.0.0.1:${links[`${who}–temporal`].port}`,
      OAUTH_ENCRYPTION_KEY: encryptionKey,
      TIDEMARK_API_KEY: 'soak',
      HOST: '127.0.0.1',
      PORT: `${serverPort}`,
    });
    const program = join(built, 'clients', 'cli', 'main.js');
    const serverUrl = `http://127.0.0.1:${serverPort}`;
    const programs = new Map<string, SupervisedChild>();

    return {
      databaseUrl: postgres.url,
      temporalAddress: temporal.address,
      sourceUrl,
      baseUrl: `http://127.0.0.1:${links['worker–source'].port}`,
      generatedUrl: `http://127.0.0.1:${links['worker–generated'].port}`,
      serverUrl,
      links,
      pid(victim) {
        if (victim === 'postgres') return postgres.pid;
        return victim === 'temporal' ? temporal.pid : programs.get(victim)?.pid;
      },
      async startPrograms() {
        for (const name of ['worker 1', 'worker 2'])
          programs.set(name, run(name, [program, 'worker'], environment('worker')));
        const server = run('server', [program, 'server'], environment('server'));
        programs.set('server', server);
        await untilReady(server, () => answers(`${serverUrl}/readyz`));
      },
      tail: () => [...programs].map(([name, { logFile }]) => `--- ${name}\n${lastLines(logFile)}`).join('\n'),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answers(url: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
}

/** Read by name, since one that did not start has closed its log. */
function lastLines(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n');
  return lines
    .slice(-12)
    .map((line) => line.slice(0, 400))
    .join('\n');
}
