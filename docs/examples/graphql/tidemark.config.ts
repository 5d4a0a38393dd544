import { type Connector, defineConfig, defineConnector, defineEntity, type OwnResponse } from 'tidemark';
import { z } from 'zod';

/**
 * A GraphQL API: cursor connections as https://relay.dev/graphql/connections.htm describes them, and errors behind status 200. One function
 * reads the list page by page, another one record; requests, retries, rate limit and authorization are the engine's.
 */
const product = z.looseObject({ id: z.string(), title: z.string(), updatedAt: z.iso.datetime() });
type Product = z.infer<typeof product>;

interface Connection {
  readonly totalCount: number;
  readonly nodes: readonly Product[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

const fields = 'id title updatedAt';
const list = `query ($after: String, $since: String) {
  products(first: 100, after: $after, updatedSince: $since) {
    totalCount
    nodes { ${fields} }
    pageInfo { hasNextPage endCursor }
  }
}`;
const single = `query ($id: ID!) { product(id: $id) { ${fields} } }`;

const connectionIn = ({ body }: OwnResponse) => (body as { data: { products: Connection } }).data.products;

/** What every listing has in common: `errors` fails the run, whatever the status. */
const graphql = { path: '/graphql', method: 'POST', error: 'errors' } as const;

const readProducts = {
  ...graphql,
  records: 'data.products.nodes',
  paging: {
    scheme: 'function',
    read: async function* ({ request, next, since, end }) {
      for (let after = next; ; ) {
        const response = await request({ body: { query: list, variables: { after, since } } });
        const { nodes, pageInfo, totalCount } = connectionIn(response);
        yield { records: nodes, from: [response], next: pageInfo.endCursor };
        // the list ends where the source says so, and a list that moved while it was read does not pass for a whole one
        if (!pageInfo.hasNextPage) return end({ total: totalCount });
        after = pageInfo.endCursor;
      }
    },
  },
} satisfies Parameters<typeof defineEntity<typeof row, Product>>[0]['listings']['all'];

const row = z.object({ title: z.string() });

const products = defineEntity<typeof row, Product>({
  name: 'products',
  record: product,
  row,
  key: 'id',
  deltaSyncField: { name: 'updatedAt', kind: 'instant' },
  map: ({ title }) => ({ title }),
  listings: {
    all: readProducts,
    changes: { ...readProducts, since: { form: 'iso-milliseconds', boundary: 'inclusive' } },
    one: {
      ...graphql,
      record: 'data.product',
      read: async ({ id, request, live, gone }) => {
        const { body } = await request({ body: { query: single, variables: { id } } });
        const { product: found } = (body as { data: { product: Product | null } }).data;
        return found === null ? gone('product is null') : live(found);
      },
    },
  },
  supportsWebhooks: false,
  schedule: { delta: { every: '15m' } },
});

const catalog: Connector = defineConnector({
  name: 'catalog',
  settings: z.object({ baseUrl: z.url() }),
  secrets: z.object({ token: z.string() }),
  auth: { scheme: 'bearer', token: 'token' },
  rateLimit: { requests: 100, per: '60s' },
  entities: [products],
});

export default defineConfig({ connectors: [catalog] });
