import { z } from 'zod';
import { type Connector, defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import type { WebhookSignatureInput } from '../../schema/definition/webhooks';

/** For tests: a connector of which nothing is ever fetched. */
export function testConnector({
  name = 'shop',
  signature = { header: 'x-signature', secret: 'webhookSecret' },
}: {
  name?: string;
  signature?: WebhookSignatureInput;
} = {}): Connector {
  const paging = { path: '/customers', records: 'data', paging: { scheme: 'link', next: 'next' } } as const;
  return defineConnector({
    name,
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({ webhookSecret: z.string() }),
    auth: { scheme: 'none' },
    webhooks: {
      signature,
      events: ({ body }) => events.parse(body),
    },
    entities: [
      defineEntity({
        name: 'customers',
        row: z.object({ name: z.string().nullable() }),
        key: 'id',
        deltaSyncField: { name: 'updated_at', kind: 'instant' },
        map: (record) => ({ name: String(record.name) }),
        listings: { all: paging, one: { path: '/customers/{id}', record: 'data' } },
        supportsWebhooks: true,
      }),
      defineEntity({
        name: 'orders',
        row: z.object({ total: z.number().nullable() }),
        key: 'id',
        deltaSyncField: { name: 'updated_at', kind: 'instant' },
        map: (record) => ({ total: Number(record.total) }),
        listings: { all: { ...paging, path: '/orders' } },
        supportsWebhooks: false,
        schedule: { delta: { every: '5m' }, reconciliation: { at: '02:30' } },
      }),
    ],
  });
}

const events = z.array(
  z.object({
    eventId: z.string().optional(),
    type: z.string(),
    entity: z.string().optional(),
    id: z.string().optional(),
  }),
);
