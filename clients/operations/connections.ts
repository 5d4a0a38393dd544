import { connection } from './connections/result';
import { secretValue } from './connections/values';
import { argument, field, optional, type Z } from './definition/fields';
import { operation } from './definition/operation';
import { agreedOrLater, instant } from './definition/schemas';
import { waitForSource } from './definition/targetFields';

const one = { connection: argument(field.name('the name of a connection')) };
const usualReason = 'no reason given';

export const connections = operation({
  name: 'connections',
  effect: 'look',
  summary: 'list the connections; show, change or remove one',
  examples: ['', '--json'],
  input: {},
  result: (z) => z.object({ connections: z.array(connection(z)) }),
  run: () => import('./connections/showConnection.js').then(({ allConnections }) => allConnections),
});

export const connectionsShow = operation({
  name: 'connections show',
  effect: 'look',
  path: '/connections/{connection}',
  summary: 'show one connection: settings, schedules, which secrets are stored, rows',
  examples: ['demo', 'demo --json'],
  input: one,
  result: (z) =>
    connection(z).extend({
      registered: z.boolean().describe('false: tidemark.config.ts does not register its connector, so nothing runs'),
      secrets: z.array(z.string()).nullable().describe('their names; null without OAUTH_ENCRYPTION_KEY'),
      sealed: z
        .object({ keyId: z.string(), updatedAt: instant(z) })
        .nullable()
        .describe('the key that encrypts them'),
      webhookPath: z.string().nullable().describe("where its webhooks arrive, below the server's address"),
      entities: z.array(
        z.object({
          entity: z.string(),
          table: z.string(),
          rows: z.int().nullable().describe('soft-deleted ones too; null: no table yet'),
          cursor: instant(z).nullable(),
        }),
      ),
    }),
  run: () => import('./connections/showConnection.js').then(({ showConnection }) => showConnection),
});

const switched = (z: Z) => z.object({ connection: connection(z), ...agreedOrLater(z) });

export const connectionsCheck = operation({
  name: 'connections check',
  effect: 'look',
  path: '/connections/{connection}/check',
  summary: "read the first page of each entity's list and show what the credentials may read; nothing is written",
  details:
    "A worker sends the request with which a first sync begins, once for each entity. 'tidemark connect' ends with it. Exit status 1 when " +
    'a list could not be read, for whatever reason.',
  examples: ['demo', 'demo --json'],
  input: { ...one, wait: waitForSource },
  result: (z) =>
    z.object({
      connectionId: z.string(),
      connector: z.string(),
      auth: z.string().describe('how requests prove who they are, such as `basic` or `oauth2 clientCredentials`'),
      ok: z.boolean().describe('no list is `refused`, `failed` or `no-answer`'),
      entities: z.array(
        z.object({
          entity: z.string(),
          says: z
            .enum(['read', 'later', 'refused', 'failed', 'no-answer'])
            .describe(
              '`later`: its lists belong to records of another entity that has not been read to the end yet; `refused`: the source refuses the ' +
                'credentials; `no-answer`: no worker is running, or none answered in time',
            ),
          records: z.int().nullable().describe('on the first page; null: it was not read'),
          more: z.boolean().describe('the list goes on after the first page'),
          detail: z.string().describe('what was read, or why nothing was'),
        }),
      ),
    }),
  run: () => import('./connections/checkConnection.js').then(({ checkConnection }) => checkConnection),
});

export const connectionsEnable = operation({
  name: 'connections enable',
  effect: 'change',
  path: '/connections/{connection}/enable',
  summary: 'let a disabled connection be synced again',
  examples: ['demo'],
  usualReason,
  input: one,
  result: switched,
  run: () => import('./connections/switchConnection.js').then(({ enable }) => enable),
});

export const connectionsDisable = operation({
  name: 'connections disable',
  effect: 'change',
  path: '/connections/{connection}/disable',
  summary: 'stop syncing a connection until it is enabled again',
  details:
    'Its schedules are paused and running runs continue. Webhooks are still stored, and processed when it is enabled again.',
  examples: ['demo --reason "the contract has ended"'],
  usualReason,
  input: one,
  result: switched,
  run: () => import('./connections/switchConnection.js').then(({ disable }) => disable),
});

export const connectionsRotateSecret = operation({
  name: 'connections rotate-secret',
  effect: 'change',
  path: '/connections/{connection}/rotate-secret',
  summary: 'replace one secret by a new value',
  details:
    'Workers and servers use it within seconds. The former value of a webhook secret stays valid next to the new one, so that no delivery ' +
    'is refused while the source still signs with it, until `dropFormer` ends that.',
  examples: ['demo webhookSecret', 'demo webhookSecret --drop-former'],
  usualReason,
  input: {
    ...one,
    secret: argument(field.name('the name of a secret')),
    value: optional(field.json('the new value; absent: only the former one is dropped', secretValue)),
    dropFormer: field.flag('webhook secrets: no longer accept the former one; without a new value only that'),
  },
  result: (z) => z.object({ connectionId: z.string(), secret: z.string(), formerKept: z.boolean() }),
  run: () => import('./connections/rotateSecret.js').then(({ rotateSecret }) => rotateSecret),
});

export const connectionsLink = operation({
  name: 'connections link',
  effect: 'change',
  path: '/connections/{connection}/link',
  summary: 'make a one-time page at which a person lets the connection read their account',
  details:
    'For connectors with the grant `authorizationCode`. The address can be sent to a customer; it works once, for an hour, and a later one ' +
    'replaces it. The source must know `<server>/connect/callback` as the address to come back to. The name and cursors of the connection stay.',
  examples: ['demo --server https://tidemark.example.com'],
  usualReason,
  input: {
    ...one,
    server: field.text('the address of the server, as the browser reaches it', {
      value: 'url',
      longest: 500,
      only: {
        pattern: /^https?:\/\/[^\s/?#@]+\/?$/,
        error: 'must be scheme, host and port, such as https://tidemark.example.com',
      },
    }),
  },
  result: (z) =>
    z.object({
      connectionId: z.string(),
      url: z.string().describe('it authorizes the connection, and is shown only now'),
      redirectUri: z.string().describe('what the source must know'),
      expiresAt: instant(z),
    }),
  run: () => import('./connections/linkConnection.js').then(({ linkConnection }) => linkConnection),
});

export const connectionsReseal = operation({
  name: 'connections reseal',
  effect: 'change',
  summary: 'encrypt all secrets under the first key of OAUTH_ENCRYPTION_KEY',
  details:
    'To replace the key: put the new one before the former, separated by a comma, for all processes; reseal; then remove the former.',
  examples: ['--reason "the key of 2026"'],
  usualReason,
  input: {},
  result: (z) => z.object({ resealed: z.int().describe('connections'), keyId: z.string() }),
  run: () => import('./connections/rotateSecret.js').then(({ reseal }) => reseal),
});

export const connectionsRemove = operation({
  name: 'connections remove',
  effect: 'change',
  path: '/connections/{connection}/remove',
  summary: 'remove a connection with its secrets, schedules, cursors, runs, inbox and set-aside records',
  details:
    "There is no undo. 'connections show' counts its rows. While a run is running, the connection is only disabled (exit status 3).",
  examples: ['demo --rows keep', 'demo --rows delete --reason "the tenant has left"'],
  usualReason,
  input: {
    ...one,
    rows: field.oneOf('whether its rows in the tables stay as they are', ['keep', 'delete'], 'keep|delete'),
  },
  result: (z) =>
    z.object({
      connectionId: z.string(),
      rows: z.enum(['kept', 'deleted']),
      tables: z.array(z.object({ entity: z.string(), table: z.string(), rows: z.int() })),
      ...agreedOrLater(z),
    }),
  run: () => import('./connections/dropConnection.js').then(({ dropConnection }) => dropConnection),
});
