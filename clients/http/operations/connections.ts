import { z } from 'zod';
import { listConnections } from '../../../destination/connections/connections';
import { resealSecrets } from '../../../destination/connections/secrets';
import { connection as storedConnection } from '../../../schema/connection';
import { businessHours, scheduleOverride, timeZone } from '../../../schema/definition/schedule';
import { changeConnection, makeConnection } from '../../operations/connections/saveConnection';
import {
  dropConnection,
  rotateSecret,
  secretRotation,
  secretValue,
  showConnection,
  switchConnection,
} from '../../operations/connections/showConnection';
import { name } from '../../operations/context';
import { type Operation, operation } from '../operation';
import { refusable } from '../problem';
import { connection, moment, storableJson } from '../shapes';
import { byOf, byShape, decision } from './by';
import type { ApiContext } from './context';

const one = z.strictObject({ connection: name });
const delayed = {
  agreed: z.looseObject({}).nullable().describe("what became of Temporal's schedules"),
  delayedBecause: z.string().nullable().describe('why Temporal does not know of it yet'),
};
const switched = z.strictObject({ connection, ...delayed });
const saved = z.strictObject({
  created: z.boolean(),
  connection,
  secrets: z.array(z.string()).describe('the names of those that are kept'),
  ...delayed,
});

/** What a connection is told; `PATCH`-like where one is changed. */
const values = z.strictObject({
  settings: z.record(name, storableJson).describe('checked by the connector; holds `baseUrl`').optional(),
  secrets: z.record(name, secretValue).describe('kept encrypted; no answer, log or history ever holds them').optional(),
  timeZone: timeZone.describe("of business hours and daily schedules, such as 'Europe/Berlin'").optional(),
  businessHours: businessHours.nullable().describe('deltas run only then; null: at any hour').optional(),
  schedules: z
    .record(name, scheduleOverride.omit({ paused: true }))
    .describe("by entity, in place of the connector's")
    .optional(),
  ...byShape,
});

/** Connections: made, changed, switched, given new secrets, removed. */
export function connectionOperations(context: ApiContext): Operation[] {
  const { db, ring } = context;
  return [
    operation({
      method: 'GET',
      path: '/api/connections',
      summary: 'The connections, without their secrets',
      answer: z.strictObject({ connections: z.array(connection) }),
      perform: async () => ({ connections: await listConnections(db) }),
    }),
    operation({
      method: 'POST',
      path: '/api/connections',
      summary: 'Make a connection',
      details:
        'Answers 409 for a name that is taken. Whether the source takes the credentials shows with the first sync.',
      body: values.extend({
        connection: storedConnection.shape.id.describe(
          'its name: lower-case letters, digits, dots, dashes, underscores',
        ),
        connector: name,
      }),
      answer: saved,
      perform: ({ body: { connection: id, connector, reason, by, ...given } }) =>
        refusable(() => makeConnection(context, ring, { id, connector, ...given }, byOf({ reason, by }))),
    }),
    operation({
      method: 'GET',
      path: '/api/connections/{connection}',
      summary: 'One connection: which secrets are kept, where its webhooks arrive, how many rows it has',
      params: one,
      answer: connection.extend({
        registered: z.boolean().describe('false: tidemark.config.ts does not have its connector, so nothing runs'),
        secrets: z.array(z.string()).nullable().describe('their names'),
        sealed: z.strictObject({ keyId: z.string(), updatedAt: moment }).nullable(),
        webhookPath: z.string().nullable(),
        entities: z.array(
          z.strictObject({
            entity: z.string(),
            table: z.string(),
            rows: z.int().nullable().describe('soft-deleted ones too; null: no table yet'),
            cursor: moment.nullable(),
          }),
        ),
      }),
      perform: ({ params }) => refusable(() => showConnection(context, params.connection, ring)),
    }),
    operation({
      method: 'POST',
      path: '/api/connections/{connection}/change',
      summary: 'Change a connection; what is left out stays as it is',
      details: 'Settings, secrets and schedules are taken one by one over those that it has.',
      params: one,
      body: values,
      answer: saved,
      perform: ({ params, body: { reason, by, ...given } }) =>
        refusable(() => changeConnection(context, ring, params.connection, given, byOf({ reason, by }))),
    }),
    operation({
      method: 'POST',
      path: '/api/connections/{connection}/rotate-secret',
      summary: 'Put a new value in place of one secret',
      details:
        'A webhook secret is taken beside the former one, until `dropFormer` ends that. Workers and servers use it within seconds.',
      params: one,
      body: secretRotation.extend(byShape),
      answer: z.strictObject({ connectionId: z.string(), secret: z.string(), formerKept: z.boolean() }),
      perform: ({ params, body: { reason, by, ...rotation } }) =>
        refusable(() => rotateSecret(context, ring, params.connection, rotation, byOf({ reason, by }))),
    }),
    operation({
      method: 'POST',
      path: '/api/connections/reseal',
      summary: 'Encrypt all secrets under the first key of OAUTH_ENCRYPTION_KEY',
      body: decision,
      answer: z.strictObject({ resealed: z.int(), keyId: z.string() }),
      perform: async ({ body }) => ({
        ...(await refusable(() => resealSecrets(db, ring, byOf(body)))),
        keyId: ring.sealingKeyId,
      }),
    }),
    ...([true, false] as const).map((enabled) =>
      operation({
        method: 'POST',
        path: `/api/connections/{connection}/${enabled ? 'enable' : 'disable'}`,
        summary: enabled ? 'Switch a connection on' : 'Switch a connection off: nothing is synced, webhooks are kept',
        params: one,
        body: decision,
        answer: switched,
        perform: ({ params, body }) => switchConnection(context, params.connection, enabled, byOf(body)),
      }),
    ),
    operation({
      method: 'POST',
      path: '/api/connections/{connection}/remove',
      summary: 'Remove a connection with its secrets, schedules, cursors, runs, inbox and set-aside records, for good',
      details:
        'Answers 409 while a run is on: the connection is only disabled then. Asking for it shows how many rows it has.',
      params: one,
      body: decision.extend({
        rows: z.enum(['keep', 'delete']).describe("what happens to its rows in the entities' tables"),
      }),
      answer: z.strictObject({
        connectionId: z.string(),
        rows: z.enum(['kept', 'deleted']),
        tables: z.array(z.strictObject({ entity: z.string(), table: z.string(), rows: z.int() })),
        ...delayed,
      }),
      perform: ({ params, body: { rows, ...by } }) =>
        refusable(() => dropConnection(context, params.connection, rows, byOf(by))),
    }),
  ];
}
