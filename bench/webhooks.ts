import { Client as PgClient } from 'pg';
import type { Bench } from './bench';
import { tableName } from './connector';
import { connectionId, type Engine, encryptionKey, type Ground } from './engine';
import { type Program, startProgram } from './program';
import type { ServerReady } from './server/main';

/** The server of an engine, and where its webhooks go. */
export interface WebhookServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** `taskQueue`: where it starts workflows, if not where the engine's workers listen. */
export async function startWebhookServer(
  { temporalAddress }: Pick<Ground, 'temporalAddress'>,
  engine: Engine,
  taskQueue = engine.taskQueue,
): Promise<WebhookServer> {
  const server = await startProgram<ServerReady>('server', {
    databaseUrl: engine.databaseUrl,
    temporalAddress,
    taskQueue,
    connector: {},
    encryptionKey,
  });
  return { url: `${server.ready.url}/webhooks/${connectionId}`, stop: () => server.stop() };
}

/** A worker for workflows of one empty activity, and a way to run one. */
export interface Bare {
  run(): Promise<void>;
  stop(): Promise<void>;
}

export async function startBare(bench: Bench): Promise<Bare> {
  const taskQueue = `bare-${process.pid}-${Date.now()}`;
  const program: Program<object> = await startProgram('bare', { temporalAddress: bench.temporalAddress, taskQueue });
  let runs = 0;
  return {
    async run() {
      runs += 1;
      await bench.client.workflow.execute('bare', { taskQueue, workflowId: `${taskQueue}-${runs}`, args: [] });
    },
    stop: () => program.stop(),
  };
}

/** Tells of each row in the moment it has been committed: PostgreSQL notifies with the commit. */
export interface Commits {
  /** resolves when the row of this id is there; call it before the row is made */
  of(id: string): Promise<void>;
  close(): Promise<void>;
}

export async function watchCommits(databaseUrl: string): Promise<Commits> {
  const client = new PgClient({ connectionString: databaseUrl });
  const waiting = new Map<string, () => void>();
  // a database that is dropped after a failed goal ends it too
  client.on('error', () => waiting.clear());
  await client.connect();
  await client.query(`
    create function tell() returns trigger language plpgsql as
      $$ begin perform pg_notify('committed', new.external_id); return null; end $$;
    create trigger tell after insert or update on ${tableName} for each row execute function tell();
    listen committed`);
  client.on('notification', ({ payload = '' }) => {
    waiting.get(payload)?.();
    waiting.delete(payload);
  });
  return {
    of: (id) => new Promise((resolve) => waiting.set(id, resolve)),
    close: () => client.end(),
  };
}
