import { startServer } from '../../clients/server';
import type { Simulator } from '../../connectors/planning-center/simulator';
import { readSettings } from '../../schema/settings/settings';
import { taskQueue } from '../../schema/workflows';
import { atEnd } from '../environment';
import { temporaryFolder } from '../support/cli/cli';
import { startCliHost } from '../support/cli/cliHost';
import { type Engine, encryptionKey, startChurch } from '../support/engine';

/** For tests: one engine, reached by the built command line and by the server's HTTP API. */
export interface BothWays {
  readonly engine: Engine;
  readonly control: Simulator['control'];
  /** What the command prints with --json, and its exit status. */
  cli(
    args: readonly string[],
    env?: NodeJS.ProcessEnv,
  ): Promise<{ readonly document: Document; readonly status: number | null }>;
  /** What the API responds. */
  http(method: string, path: string, values?: Readonly<Record<string, unknown>>): Promise<Response>;
}

export type Document = Record<string, unknown>;

export interface Response {
  readonly status: number;
  readonly document: Document;
}

const key = 'the-key-of-the-api';

export async function bothWays(size: { people: number; donations?: number }): Promise<BothWays> {
  const { engine, control } = await startChurch(size);
  // the command line starts what it starts on the usual queue
  await engine.startWorker({ taskQueue });
  const { db, temporal, connector, database } = engine;
  const server = await startServer({
    settings: readSettings({
      OAUTH_ENCRYPTION_KEY: encryptionKey,
      TIDEMARK_API_KEY: key,
      PORT: '0',
      LOG_LEVEL: 'silent',
    }),
    config: { connectors: [connector] },
    db,
    temporal,
    taskQueue,
  });
  atEnd(() => server.close());
  const cwd = temporaryFolder();
  const runCli = startCliHost();
  const env = {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    TEMPORAL_CONFIG_FILE: '/dev/null',
    OAUTH_ENCRYPTION_KEY: encryptionKey,
  };
  return {
    engine,
    control,
    async cli(args, more = {}) {
      const { status, stdout, stderr } = await runCli([...args, '--json'], { cwd, env: { ...env, ...more } });
      try {
        return { document: JSON.parse(stdout) as Document, status };
      } catch {
        throw new Error(`tidemark ${args.join(' ')} printed no JSON: ${stdout}${stderr}`);
      }
    },
    async http(method, path, values = {}) {
      const query = new URLSearchParams(
        Object.entries(values).map(([name, value]): [string, string] => [name, String(value)]),
      );
      const response = await fetch(`${server.url}${path}${method === 'GET' ? `?${query}` : ''}`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
        },
        ...(method === 'POST' ? { body: JSON.stringify(values) } : {}),
      });
      return { status: response.status, document: (await response.json()) as Document };
    },
  };
}

/** Waits for what was started, which must succeed, and returns how it ended. */
export async function outcomeOf({ http }: BothWays, { workflowId, workflowRunId }: Document): Promise<Document> {
  const { status, document } = await http('GET', '/api/outcome', { workflowId, workflowRunId, wait: 45 });
  expect(status).toBe(200);
  expect(document).toMatchObject({ state: 'done' });
  return document;
}
