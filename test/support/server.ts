import { createHmac, randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { type RunningServer, startServer } from '../../clients/server';
import { createConnection } from '../../destination/connections/connections';
import { keyRing, saveSecrets } from '../../destination/connections/secrets';
import { connectDatabase } from '../../destination/database/database';
import type { Connector } from '../../schema/definition/connector';
import { readSettings, type Settings } from '../../schema/settings/settings';
import { atEnd, testDatabase, testTemporal, uniqueTaskQueue } from '../environment';
import { testConnector } from './connector';

export const webhookSecret = 'the secret of the webhooks';
export const apiKey = 'the-key-of-the-api';

/** For tests: a server on a database and a namespace of its own, with the connection `demo`. */
export interface TestServer {
  readonly db: Knex;
  readonly client: Client;
  readonly connectors: readonly Connector[];
  readonly taskQueue: string;
  readonly server: RunningServer;
  /** everything that was logged */
  readonly log: () => string;
  addConnection(id: string, options?: { connector?: string; secret?: string; enabled?: boolean }): Promise<void>;
  /** Sends signed events; a text is the body itself. */
  deliver(connection: string, body: unknown, headers?: Record<string, string | undefined>): Promise<Response>;
  /** Calls the API with the key. */
  api(method: 'GET' | 'POST', path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
}

export interface TestServerOptions {
  readonly connectors?: readonly Connector[];
  readonly databaseUrl?: (url: string) => Promise<string>;
  readonly client?: Client;
  readonly env?: NodeJS.ProcessEnv;
  readonly webhookBodyLimit?: number;
  readonly requestsPerMinute?: number;
}

export async function testServer(options: TestServerOptions = {}): Promise<TestServer> {
  const database = await testDatabase();
  const direct = connectDatabase(database.url);
  atEnd(() => direct.destroy());
  const url = (await options.databaseUrl?.(database.url)) ?? database.url;
  const db = connectDatabase(url, { connectTimeoutMs: 3_000 });
  atEnd(() => db.destroy());
  const client = options.client ?? (await testTemporal()).client;
  const connectors = options.connectors ?? [testConnector()];
  const taskQueue = uniqueTaskQueue();
  const settings: Settings = readSettings({
    OAUTH_ENCRYPTION_KEY: randomBytes(32).toString('hex'),
    TIDEMARK_API_KEY: apiKey,
    PORT: '0',
    ...options.env,
  });
  const logged: string[] = [];
  const server = await startServer({
    settings,
    config: { connectors },
    db,
    temporal: { client, address: 'the Temporal of the tests' },
    taskQueue,
    logTo: new Writable({
      write(chunk, _encoding, done) {
        logged.push(String(chunk));
        done();
      },
    }),
    webhookBodyLimit: options.webhookBodyLimit,
    requestsPerMinute: options.requestsPerMinute,
  });
  atEnd(() => server.close());

  const addConnection: TestServer['addConnection'] = async (id, { connector = 'shop', secret, enabled } = {}) => {
    await createConnection(direct, {
      id,
      connector,
      settings: { baseUrl: 'http://127.0.0.1:9' },
      ...(enabled === undefined ? {} : { enabled }),
    });
    await saveSecrets(direct, keyRing(settings.encryptionKey), id, { webhookSecret: secret ?? webhookSecret });
  };
  await addConnection('demo');

  return {
    db: direct,
    client,
    connectors,
    taskQueue,
    server,
    log: () => logged.join(''),
    addConnection,
    deliver(connection, body, headers = {}) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const all: Record<string, string | undefined> = {
        'content-type': 'application/json',
        'x-signature': createHmac('sha256', webhookSecret).update(text).digest('hex'),
        ...headers,
      };
      return fetch(`${server.url}/webhooks/${connection}`, {
        method: 'POST',
        body: text,
        headers: Object.fromEntries(
          Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
        ),
      });
    },
    api(method, path, body, headers = {}) {
      return fetch(server.url + path, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
    },
  };
}

/** Asks again until it is so; the test's own time-out ends it. */
export async function until<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
