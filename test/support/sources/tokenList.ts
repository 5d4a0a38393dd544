import { z } from 'zod';
import { defineConnector } from '../../../schema/definition/connector';
import { defineEntity } from '../../../schema/definition/entity';
import { atEnd } from '../../environment';
import { json, startSource, type TestSource } from './httpSource';

const page = {
  path: '/things',
  records: 'data',
  paging: { scheme: 'token', param: 'after', next: 'next', sizeParam: 'size', pageSize: 2 },
} as const;

const things = defineEntity({
  name: 'things',
  row: z.object({}),
  key: 'id',
  deltaSyncField: { name: 'updated_at', kind: 'instant' },
  map: () => ({}),
  supportsWebhooks: false,
  readLag: '1s',
  listings: { all: page, ids: page, one: { path: '/things/{id}' } },
});

/** A list in which each page names the next by a token, of two records a page. */
export const tokenList = defineConnector({
  name: 'acme',
  settings: z.object({ baseUrl: z.url() }),
  secrets: z.object({ token: z.string() }),
  auth: { scheme: 'bearer', token: 'token' },
  entities: [things],
});

/** The source of `tokenList`, with so many records, each page after so many milliseconds. */
export async function startTokenList(count: number, latencyMs: number): Promise<TestSource> {
  const ids = Array.from({ length: count }, (_, at) => `t${1000 + at}`);
  const source = await startSource((_request, response, url) => {
    const id = /^\/things\/(.+)$/.exec(url.pathname)?.[1];
    const record = (id: string) => ({ id, updated_at: '2026-01-01T00:00:00Z' });
    if (id !== undefined) return json(response, ids.includes(id) ? record(id) : {}, ids.includes(id) ? 200 : 404);
    const from = Number(url.searchParams.get('after') ?? 0);
    const to = from + Number(url.searchParams.get('size') ?? count);
    const next = to < count ? String(to) : null;
    setTimeout(() => json(response, { data: ids.slice(from, to).map(record), next }), latencyMs);
  });
  atEnd(() => source.close());
  return source;
}
