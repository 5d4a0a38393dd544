import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { z } from 'zod';
import {
  type Connector,
  type ConnectorEntity,
  type ConnectorInput,
  defineConnector,
} from '../../../schema/definition/connector';
import { defineEntity, type EntityInput } from '../../../schema/definition/entity';
import type { JsonObject } from '../../../schema/json/json';
import type { DatabaseClock, RequestBudget } from '../../../schema/ports';
import { createSourceClient, type SourceClientOptions } from '../../../source/client';
import type { ListOptions, SourceClient } from '../../../source/contract';

/** A real HTTP server for tests, which answers as each test says. */
export interface TestSource {
  readonly baseUrl: string;
  /** method-less: `/people?offset=0`, in the order they came */
  readonly requests: string[];
  readonly headers: IncomingMessage['headers'][];
  close(): Promise<void>;
}

export type Responder = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

export async function startSource(respond: Responder): Promise<TestSource> {
  const requests: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    headers.push(request.headers);
    respond(request, response, new URL(request.url ?? '', 'http://source'));
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    headers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

export function json(
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

export const row = z.object({ name: z.string().nullable() });
type Row = typeof row;

/** An entity `people` with records `{ id, name, updated_at }`. */
export function testEntity(changes: Partial<EntityInput<Row, JsonObject>> = {}) {
  return defineEntity<Row>({
    name: 'people',
    row,
    key: 'id',
    deltaSyncField: { name: 'updated_at', kind: 'instant' },
    map: (record) => ({ name: typeof record.name === 'string' ? record.name : null }),
    supportsWebhooks: false,
    listings: { all: { path: '/people', paging: { scheme: 'none' } } },
    ...changes,
  });
}

/** A budget that never keeps anyone waiting and remembers what it was told. */
export function openBudget(): RequestBudget & { readonly blocked: number[]; taken: number } {
  const budget = {
    blocked: [] as number[],
    taken: 0,
    take: () => {
      budget.taken += 1;
      return Promise.resolve();
    },
    block: (milliseconds: number) => {
      budget.blocked.push(milliseconds);
      return Promise.resolve();
    },
  };
  return budget;
}

export const testClock: DatabaseClock = { sent: () => Date.now() - 1, received: () => Date.now() + 1 };

export const secretToken = 'tok/en+"42"=';

export interface TestClient {
  readonly client: SourceClient;
  readonly entity: ConnectorEntity;
  readonly connector: Connector;
}

export function testClient(
  baseUrl: string,
  entityChanges: Partial<EntityInput<Row, JsonObject>> = {},
  options: Partial<SourceClientOptions> & {
    readonly auth?: ConnectorInput<z.ZodObject, z.ZodObject>['auth'];
    readonly settings?: JsonObject;
    readonly rateLimit?: ConnectorInput<z.ZodObject, z.ZodObject>['rateLimit'];
    readonly lookups?: ConnectorInput<z.ZodObject, z.ZodObject>['lookups'];
  } = {},
): TestClient {
  const { auth = { scheme: 'bearer', token: 'token' }, settings = {}, rateLimit, lookups, ...clientOptions } = options;
  const connector = defineConnector({
    name: 'acme',
    // further settings may stand in for placeholders
    settings: z.looseObject({ baseUrl: z.url() }),
    secrets: z.object({ token: z.string(), user: z.string(), password: z.string() }),
    auth,
    ...(rateLimit && { rateLimit }),
    ...(lookups && { lookups }),
    entities: [testEntity(entityChanges)],
  });
  const entity = connector.entities.get('people');
  if (!entity) throw new Error('the test entity is missing');
  const client = createSourceClient({
    connector,
    connection: { id: 'demo', settings: { baseUrl, ...settings }, timeZone: 'UTC' },
    secrets: { token: secretToken, user: 'ada@example.com', password: 'hunter2-hunter2' },
    budget: openBudget(),
    clock: testClock,
    ...clientOptions,
  });
  return { client, entity, connector };
}

/** Everything that a listing hands out. */
export async function readAll(
  { client, entity }: TestClient,
  listing: 'all' | 'changes' | 'ids' = 'all',
  options: Partial<ListOptions> = {},
) {
  const pages = [];
  const stream = client.streamAll(entity, listing, {
    partition: '',
    signal: new AbortController().signal,
    ...options,
  });
  for await (const page of stream) pages.push(page);
  return { pages, records: pages.flatMap((page) => page.records) as { id: string | number }[] };
}

/** The ids of records in the order they came. */
export function idsOf(records: readonly { readonly id: string | number }[]): (string | number)[] {
  return records.map(({ id }) => id);
}
