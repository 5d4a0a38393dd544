import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buildSchema, GraphQLError } from 'graphql';
import { createHandler } from 'graphql-http/lib/use/http';
import { loadConfig } from '../clients/config';
import { atEnd } from './environment';
import { aMinuteLater, failureOf } from './invariants/support';
import { type Engine, startEngine } from './support/engine';
import { quick } from './support/quick';

/** The example for GraphQL APIs, loaded as a user's is, against a real GraphQL server. */
interface Product {
  id: string;
  title: string;
  updatedAt: string;
}

const products = new Map<string, Product>();
const table = 'catalog_products';
/** what the server answers lists with instead, with status 200 */
let problem: string | undefined;
let engine: Engine;

const schema = buildSchema(`
  type Product { id: ID! title: String! updatedAt: String! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type Products { totalCount: Int! nodes: [Product!]! pageInfo: PageInfo! }
  type Query { products(first: Int!, after: String, updatedSince: String): Products product(id: ID!): Product }
`);

function listOf({
  first,
  after,
  updatedSince,
}: {
  first: number;
  after?: string | null;
  updatedSince?: string | null;
}) {
  if (problem !== undefined) throw new GraphQLError(problem);
  const found = [...products.values()].filter(({ updatedAt }) => updatedAt >= (updatedSince ?? ''));
  const from = after ? found.findIndex(({ id }) => id === after) + 1 : 0;
  const nodes = found.slice(from, from + first);
  const pageInfo = { hasNextPage: from + first < found.length, endCursor: nodes.at(-1)?.id ?? null };
  return { totalCount: found.length, nodes, pageInfo };
}

beforeAll(async () => {
  for (let n = 0; n < 250; n++) {
    const id = `p${String(n).padStart(3, '0')}`;
    products.set(id, { id, title: `Product ${n}`, updatedAt: '2026-01-01T00:00:00.000Z' });
  }
  const rootValue = { products: listOf, product: ({ id }: { id: string }) => products.get(id) ?? null };
  const server = createServer(createHandler({ schema, rootValue }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const { connectors } = await loadConfig(join(__dirname, '..', 'docs', 'examples', 'graphql'));
  if (connectors[0] === undefined) throw new Error('the example registers no connector');
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  engine = await startEngine({
    connector: quick(connectors[0]),
    settings: { baseUrl },
    secrets: { token: 'token-1' },
  });
});

test('reads pages by cursor, then what changed, and deletes what the source says is gone', async () => {
  expect(await engine.delta('products')).toMatchObject({ outcome: 'succeeded', pages: 3, counts: { inserted: 250 } });
  products.set('p007', { id: 'p007', title: 'Renamed', updatedAt: '2030-01-01T00:00:00.000Z' });
  expect(await engine.delta('products')).toMatchObject({ counts: { inserted: 0, updated: 1 } });
  products.delete('p100');
  await aMinuteLater(engine, table);
  expect(await engine.reconcile('products')).toMatchObject({ outcome: 'succeeded', scanned: 249, deleted: 1 });
  expect((await engine.rows(table)).get('p007')).toMatchObject({ title: 'Renamed' });
  expect((await engine.rows(table)).has('p100')).toBe(false);
});

test('an error behind status 200 fails the run, and is no empty list', async () => {
  problem = 'the catalog is closed';
  expect(await failureOf(engine.delta('products', true))).toBe('ContractBroken');
  expect(await failureOf(engine.reconcile('products'))).toBe('ContractBroken');
  problem = undefined;
  expect((await engine.rows(table)).size).toBe(249);
});
