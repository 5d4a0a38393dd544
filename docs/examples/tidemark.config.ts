import { defineConfig, defineConnector, defineEntity } from 'tidemark';
import { z } from 'zod';

// Trap: GitHub gives 100 when asked for more, silently. Pages by position: the engine checks that nothing slipped between two.
const paging = { scheme: 'page', sizeParam: 'per_page', pageSize: 100 } as const;
const list = { path: '/repos/{owner}/{repo}/issues', paging };

/** The issues of one GitHub repository: synced, reconciled, kept fresh by webhooks. */
const issues = defineEntity({
  name: 'issues',
  // What the source sends. A record that fails is set aside with its payload; the others of its page land.
  record: z.looseObject({
    number: z.int(),
    title: z.string(),
    state: z.string(),
    user: z.looseObject({ login: z.string() }).nullable(),
    labels: z.array(z.looseObject({ name: z.string() })),
    pull_request: z.unknown().optional(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  }),
  // The columns of table github_issues.
  row: z.object({
    title: z.string(),
    state: z.string(),
    author: z.string().nullable(),
    labels: z.array(z.string()),
    is_pull_request: z.boolean(),
    created_at: z.iso.datetime(),
  }),
  map: ({ title, state, user, labels, pull_request, created_at }) => ({
    ...{ title, state, created_at },
    author: user?.login ?? null,
    labels: labels.map(({ name }) => name),
    is_pull_request: pull_request !== undefined,
  }),
  // What `one` is asked by. Trap: an id that is unique in one list only; GitHub's own `id` can't be asked for.
  key: 'number',
  // Trap: null until the first edit at many sources; then from: (r) => r.updated_at ?? r.created_at.
  deltaSyncField: { name: 'updated_at', kind: 'instant' },
  listings: {
    // Trap: without an order that never changes, records slip from page to page while the list is read.
    all: { ...list, query: { state: 'all', sort: 'created', direction: 'asc' } },
    changes: {
      ...list,
      query: { state: 'all', sort: 'updated', direction: 'asc' },
      // Traps: a form that the API does not read may be ignored or answered with nothing, and "after" loses the records
      // that tie with the cursor. `exclusive` asks from one second earlier, and is right where you are not sure.
      since: { param: 'since', form: 'iso-seconds', boundary: 'exclusive' },
    },
    one: { path: '/repos/{owner}/{repo}/issues/{id}' },
  },
  // Trap: some sources answer 403 for what was deleted, or send a tombstone; 404 and 410 are the default.
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
  headers: { 'X-GitHub-Api-Version': '2022-11-28' },
  webhooks: {
    signature: { header: 'X-Hub-Signature-256', prefix: 'sha256=', secret: 'webhookSecret' },
    // The body is trusted for which record it is about, nothing else: the record itself is fetched.
    events: ({ headers, body }) => {
      const event = { eventId: String(headers['x-github-delivery']), type: String(headers['x-github-event']) };
      const about = z.looseObject({ issue: z.looseObject({ number: z.int() }) }).safeParse(body);
      return about.success ? [{ ...event, entity: 'issues', id: String(about.data.issue.number) }] : [event];
    },
  },
  entities: [issues],
});

export default defineConfig({ connectors: [github] });
