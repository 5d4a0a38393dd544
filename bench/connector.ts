import { z } from 'zod';
import { type Connector, defineConnector } from '../schema/definition/connector';
import { defineEntity } from '../schema/definition/entity';
import type { ListingInput } from '../schema/definition/listings/listing';
import type { PagingInput } from '../schema/definition/listings/paging';

/** How the connector of the benchmark reads its source. */
export interface ConnectorOptions {
  /** `token` is serial by its nature; `page` and `offset` can be read in parallel where the list is stable */
  readonly paging?: 'token' | 'page';
  readonly pageSize?: number;
  readonly idsPageSize?: number;
  readonly partitions?: number;
  readonly rateLimit?: { readonly requests: number; readonly per: string; readonly concurrency?: number };
  /** kinds of records, each with a table of its own; default 1 */
  readonly entities?: number;
  /** how often deltas are scheduled; default so seldom that none comes between */
  readonly deltaEvery?: string;
}

const text = z.string();
const address = z.object({ street: text, city: text, zip: text });

/** What the source sends; checked as a careful author would. */
const record = z.looseObject({
  id: text,
  updated_at: z.iso.datetime(),
  created_at: z.iso.datetime(),
  first_name: text,
  last_name: text,
  email: text,
  phone: text.nullable(),
  stage: z.enum(['lead', 'trial', 'customer', 'churned']),
  subscribed: z.boolean(),
  visits: z.int(),
  spent: z.number(),
  birthday: z.iso.date(),
  address,
  tags: z.array(text),
});

const row = z.object({
  first_name: text,
  last_name: text,
  email: text,
  phone: text.nullable(),
  stage: z.enum(['lead', 'trial', 'customer', 'churned']),
  subscribed: z.boolean(),
  visits: z.int(),
  spent: z.number().meta({ column: 'numeric' }),
  birthday: z.iso.date(),
  city: text,
  created_at: z.iso.datetime(),
});

export const connectorName = 'bench';
export const entityName = 'contacts';
export const tableName = 'bench_contacts';
export const webhookSecret = 'bench webhook secret';

function pagingOf(scheme: 'token' | 'page', pageSize: number): PagingInput {
  return scheme === 'token'
    ? { scheme, param: 'after', next: 'next', sizeParam: 'size', pageSize }
    : { scheme, sizeParam: 'size', pageSize, stable: true };
}

/** The connector, the same in every process that is told the same options. */
export function benchConnector(options: ConnectorOptions): Connector {
  const { paging = 'token', pageSize = 1_000, idsPageSize = 10_000, partitions = 1, entities = 1 } = options;
  const query = partitions > 1 ? { query: { partition: '{partition}' } } : {};
  const list: ListingInput = {
    path: '/contacts',
    ...query,
    paging: pagingOf(paging, pageSize),
    records: 'data',
    total: 'total',
  };
  const names = Array.from({ length: entities }, (_, index) => (index === 0 ? entityName : `${entityName}_${index}`));
  return defineConnector({
    name: connectorName,
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({ token: text, webhook: text }),
    auth: { scheme: 'bearer', token: 'token' },
    ...(options.rateLimit ? { rateLimit: options.rateLimit } : {}),
    webhooks: {
      signature: { header: 'x-signature', secret: 'webhook' },
      events: ({ body }) => {
        const { event, id } = body as { event: string; id: string };
        return [{ eventId: event, type: 'contact.updated', entity: entityName, id }];
      },
    },
    entities: names.map((name) =>
      defineEntity<typeof row, z.infer<typeof record>>({
        name,
        record,
        row,
        key: 'id',
        deltaSyncField: { name: 'updated_at', kind: 'instant' },
        supportsWebhooks: true,
        schedule: { delta: { every: options.deltaEvery ?? '30d' }, reconciliation: false },
        listings: {
          all: list,
          changes: { ...list, since: { param: 'since', form: 'iso-milliseconds', boundary: 'inclusive' } },
          ids: { ...list, path: '/ids', paging: pagingOf(paging, idsPageSize) },
          one: { path: '/contacts/{id}' },
        },
        ...(partitions > 1 ? { partitions: Array.from({ length: partitions }, (_, index) => `p${index}`) } : {}),
        map: ({ first_name, last_name, email, phone, stage, subscribed, visits, spent, birthday, ...rest }) => ({
          first_name,
          last_name,
          email,
          phone,
          stage,
          subscribed,
          visits,
          spent,
          birthday,
          city: rest.address.city,
          created_at: rest.created_at,
        }),
      }),
    ),
  });
}
