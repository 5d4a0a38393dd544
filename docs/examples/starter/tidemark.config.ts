import { defineConfig, defineConnector, defineEntity } from 'tidemark';
import { z } from 'zod';

// This example runs as it is: `npx tidemark up` fills table github_issues from a public repository, without an account.
// Describe your own API here, or read another repository: npx tidemark connect github mine --set owner=nodejs --set repo=undici

const paging = { scheme: 'page', sizeParam: 'per_page', pageSize: 100 } as const;

/** One kind of record, and one table. */
const issues = defineEntity({
  name: 'issues',
  // What the source sends. A record that does not match is set aside with its payload; the rest of its page is written.
  record: z.looseObject({
    title: z.string(),
    state: z.string(),
    user: z.looseObject({ login: z.string() }).nullable(),
  }),
  // The table's own columns, and how to fill them. Every row also has external_id, source_updated_at, deleted_at, raw …
  row: z.object({ title: z.string(), state: z.string(), author: z.string().nullable() }),
  map: ({ title, state, user }) => ({ title, state, author: user?.login ?? null }),
  // The record's id: the one that `one` below takes.
  key: 'number',
  // When the source last modified the record. If that can be null: from: (record) => record.updated_at ?? record.created_at
  deltaSyncField: { name: 'updated_at', kind: 'instant' },
  listings: {
    // Everything, in an order that does not change while it is read.
    all: {
      path: '/repos/{owner}/{repo}/issues',
      query: { state: 'all', sort: 'created', direction: 'asc' },
      paging,
    },
    // What changed since the last sync. `exclusive`: the API omits changes in the cursor's own second, so start a second earlier.
    changes: {
      path: '/repos/{owner}/{repo}/issues',
      query: { state: 'all', sort: 'updated', direction: 'asc' },
      since: { param: 'since', form: 'iso-seconds', boundary: 'exclusive' },
      paging,
    },
    // One record: for webhooks, and to confirm that a record is gone before its row is soft-deleted.
    one: { path: '/repos/{owner}/{repo}/issues/{id}' },
  },
  // Without webhooks, only a reconciliation finds deletions.
  supportsWebhooks: false,
  schedule: { delta: { every: '15m' }, reconciliation: { at: '03:00' } },
});

/** One API: its address, how to authenticate, and its rate limit. */
const github = defineConnector({
  name: 'github',
  // The settings of a connection, given with --set. Those with a default are optional.
  settings: z.object({
    baseUrl: z.url().default('https://api.github.com'),
    owner: z.string().default('temporalio'),
    repo: z.string().default('samples-typescript'),
  }),
  // Without a token GitHub allows 60 requests per hour. With one (`tidemark connect` prompts for it and stores it encrypted):
  //   secrets: z.object({ token: z.string().min(1) }),
  //   auth: { scheme: 'bearer', token: 'token' },
  //   rateLimit: { requests: 5000, per: '1h' },
  secrets: z.object({}),
  auth: { scheme: 'none' },
  rateLimit: { requests: 60, per: '1h' },
  entities: [issues],
});

export default defineConfig({ connectors: [github] });
