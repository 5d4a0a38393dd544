import { defineConfig, defineConnector, defineEntity } from 'tidemark';
import { z } from 'zod';

// {owner} and {repo} are settings of the connection. Trap, caps: GitHub returns at most 100 per page, whatever you request.
// Trap, paging by position: a record that leaves page 1 shifts another across the page boundary. The engine checks each one.
const paging = { scheme: 'page', sizeParam: 'per_page', pageSize: 100 } as const;
const list = { path: '/repos/{owner}/{repo}/issues', paging };

const issues = defineEntity({
  name: 'issues',
  // What the source sends. A record that does not match is set aside with its payload; the rest of its page is written.
  record: z.looseObject({
    title: z.string(),
    state: z.string(),
    user: z.looseObject({ login: z.string() }).nullable(),
  }),
  // The columns of table github_issues, and how to fill them.
  row: z.object({ title: z.string(), state: z.string(), author: z.string().nullable() }),
  map: ({ title, state, user }) => ({ title, state, author: user?.login ?? null }),
  // Trap, the wrong id: it must be the one that `one` takes. GitHub's own `id` is unique, but no request takes it.
  key: 'number',
  // Trap, null timestamps: if updated_at is null until the first edit, add from: (r) => r.updated_at ?? r.created_at.
  deltaSyncField: { name: 'updated_at', kind: 'instant' },
  listings: {
    // Sort by what never changes. Sorted by updated_at, records would move while the list is read.
    all: { ...list, query: { state: 'all', sort: 'created', direction: 'asc' } },
    changes: {
      ...list,
      query: { state: 'all', sort: 'updated', direction: 'asc' },
      // Trap, cursor formats: an API may ignore a format that it cannot read, or return an empty list for it, forever.
      // Trap, ties: "after" omits changes in the cursor's own second. `exclusive` starts a second earlier; in doubt, use it.
      since: { param: 'since', form: 'iso-seconds', boundary: 'exclusive' },
    },
    one: { path: '/repos/{owner}/{repo}/issues/{id}' },
  },
  // Trap, 403 for deleted: some APIs return 403, or a tombstone (see `record`). 404 and 410 are the default.
  gone: { statuses: [404, 410] },
  supportsWebhooks: true,
  schedule: { delta: { every: '5m' }, reconciliation: { at: '03:00' } },
});

const github = defineConnector({
  name: 'github',
  settings: z.object({ baseUrl: z.url().default('https://api.github.com'), owner: z.string(), repo: z.string() }),
  secrets: z.object({ token: z.string().min(1), webhookSecret: z.string().min(1).optional() }),
  auth: { scheme: 'bearer', token: 'token' },
  rateLimit: { requests: 5000, per: '1h' },
  webhooks: {
    signature: { header: 'X-Hub-Signature-256', prefix: 'sha256=', secret: 'webhookSecret' },
    // Names the record. The engine then fetches it, so an old, duplicate or reordered delivery does no harm.
    events: ({ headers, body }) => {
      const event = { eventId: String(headers['x-github-delivery']), type: String(headers['x-github-event']) };
      const about = z.looseObject({ issue: z.looseObject({ number: z.int() }) }).safeParse(body);
      return about.success ? [{ ...event, entity: 'issues', id: String(about.data.issue.number) }] : [event];
    },
  },
  entities: [issues],
});

export default defineConfig({ connectors: [github] });
