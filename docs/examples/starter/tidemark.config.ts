import { defineConfig, defineConnector, defineEntity } from 'tidemark';
import { z } from 'zod';

// An example that runs as it is: `npx tidemark up` makes table github_issues from a public repository, needing no account.
// Make it your own API, or point it elsewhere: npx tidemark connect github mine --set owner=nodejs --set repo=undici

const paging = { scheme: 'page', sizeParam: 'per_page', pageSize: 100 } as const;

/** One kind of record, and one table. */
const issues = defineEntity({
  name: 'issues',
  // What the source sends. A record that does not fit is set aside with its payload; the others of its page land.
  record: z.looseObject({
    title: z.string(),
    state: z.string(),
    user: z.looseObject({ login: z.string() }).nullable(),
  }),
  // The table's own columns, and how to fill them. Beside them every row has external_id, source_updated_at, deleted_at, raw …
  row: z.object({ title: z.string(), state: z.string(), author: z.string().nullable() }),
  map: ({ title, state, user }) => ({ title, state, author: user?.login ?? null }),
  // The record's id: what `one` below is asked by.
  key: 'number',
  // When the source last modified the record. Where that can be null: from: (record) => record.updated_at ?? record.created_at
  deltaSyncField: { name: 'updated_at', kind: 'instant' },
  listings: {
    // Everything, in an order that does not change while it is read.
    all: {
      path: '/repos/{owner}/{repo}/issues',
      query: { state: 'all', sort: 'created', direction: 'asc' },
      paging,
    },
    // What changed since the last sync. `exclusive`: the API leaves out what has the cursor's own second, so ask from earlier.
    changes: {
      path: '/repos/{owner}/{repo}/issues',
      query: { state: 'all', sort: 'updated', direction: 'asc' },
      since: { param: 'since', form: 'iso-seconds', boundary: 'exclusive' },
      paging,
    },
    // One record: for webhooks, and for making sure before a row is soft-deleted.
    one: { path: '/repos/{owner}/{repo}/issues/{id}' },
  },
  // Without webhooks a reconciliation is what finds deletions.
  supportsWebhooks: false,
  schedule: { delta: { every: '15m' }, reconciliation: { at: '03:00' } },
});

/** One API: how to reach it, who you are to it, and how often it may be asked. */
const github = defineConnector({
  name: 'github',
  // What a connection is told with --set; with a default it need not be.
  settings: z.object({
    baseUrl: z.url().default('https://api.github.com'),
    owner: z.string().default('temporalio'),
    repo: z.string().default('samples-typescript'),
  }),
  // GitHub answers 60 requests an hour without a token. With one (`tidemark connect` asks for it, and keeps it encrypted):
  //   secrets: z.object({ token: z.string().min(1) }),
  //   auth: { scheme: 'bearer', token: 'token' },
  //   rateLimit: { requests: 5000, per: '1h' },
  secrets: z.object({}),
  auth: { scheme: 'none' },
  rateLimit: { requests: 60, per: '1h' },
  entities: [issues],
});

export default defineConfig({ connectors: [github] });
