import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { type Connector, defineConnector } from '../../schema/definition/connector';
import { defineEntity, type EntityInput } from '../../schema/definition/entity';
import type { JsonObject } from '../../schema/json/json';
import { atEnd } from '../environment';
import { json, startSource, type TestSource } from '../support/sources/httpSource';

/** A record of the small source below. */
export interface Thing {
  readonly id: string;
  readonly updated_at: string;
  readonly name?: unknown;
  readonly amount?: unknown;
}

/** What a test has the source answer instead of the truth. */
export interface Instead {
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
}

/** A small real API, all of whose answers a test can spoil: `/things` in pages (also since an instant) and `/things/{id}`. */
export interface Things {
  readonly source: TestSource;
  readonly records: Map<string, Thing>;
  /** ids that no listing shows, while they still answer alone */
  readonly unlisted: Set<string>;
  instead: (url: URL) => Instead | undefined | Promise<undefined>;
  readonly connector: Connector;
}

const row = z.object({ name: z.string().nullable(), amount: z.number().nullable().meta({ column: 'numeric(6,2)' }) });
export const secretValue = 'hunter2-hunter2/+=';

export async function startThings(
  records: readonly Thing[],
  changes: Partial<EntityInput<typeof row, JsonObject>> = {},
): Promise<Things> {
  const answer = async (response: ServerResponse, url: URL) => {
    const spoiled = await things.instead(url);
    if (spoiled) return json(response, spoiled.body, spoiled.status ?? 200, spoiled.headers);
    const id = /^\/things\/(.+)$/.exec(url.pathname)?.[1];
    if (id === undefined) return json(response, pageOf(things, url));
    const found = things.records.get(decodeURIComponent(id));
    return found ? json(response, found) : json(response, { error: 'gone' }, 404);
  };
  const source = await startSource((_request, response, url) => {
    answer(response, url).catch((error: unknown) => response.destroy(error as Error));
  });
  atEnd(() => source.close());
  const things: Things = {
    source,
    records: new Map(records.map((record) => [record.id, record])),
    unlisted: new Set(),
    instead: () => undefined,
    connector: connectorOf(changes),
  };
  return things;
}

function pageOf({ records, unlisted }: Things, url: URL): { data: Thing[]; total: number; more: boolean } {
  const since = url.searchParams.get('since') ?? '';
  const offset = Number(url.searchParams.get('offset') ?? 0);
  const size = Number(url.searchParams.get('size') ?? 100);
  const found = [...records.values()].filter(({ id, updated_at }) => !unlisted.has(id) && updated_at >= since);
  return {
    data: found.slice(offset, offset + size),
    total: found.length,
    more: offset + size < found.length,
  };
}

/** The listing of all things, as the source answers it. */
export const thingsPage = {
  path: '/things',
  paging: { scheme: 'offset', sizeParam: 'size', pageSize: 100 },
  records: 'data',
  total: 'total',
} as const;

function connectorOf(changes: Partial<EntityInput<typeof row, JsonObject>>): Connector {
  const things = defineEntity<typeof row>({
    name: 'things',
    row,
    key: 'id',
    deltaSyncField: { name: 'updated_at', kind: 'instant' },
    map: (record) => ({
      name: (record.name ?? null) as string | null,
      amount: (record.amount ?? null) as number | null,
    }),
    supportsWebhooks: false,
    readLag: '1s',
    listings: {
      all: thingsPage,
      changes: { ...thingsPage, since: { param: 'since', form: 'iso-seconds', boundary: 'inclusive' } },
      ids: thingsPage,
      one: { path: '/things/{id}' },
    },
    ...changes,
  });
  return defineConnector({
    name: 'acme',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({ token: z.string() }),
    auth: { scheme: 'bearer', token: 'token' },
    entities: [things],
  });
}

/** `count` things, each a second younger than the one before. */
export function someThings(count: number): Thing[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `t${1000 + index}`,
    updated_at: new Date(Date.parse('2026-01-01T00:00:00Z') + index * 1000).toISOString().replace('.000Z', 'Z'),
    name: `Thing ${index}`,
    amount: index,
  }));
}
