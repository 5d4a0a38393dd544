import { z } from 'zod';
import { defineEntity } from '../../schema';
import { listed, relatedId, resource, single, updatedSince } from './listings';

const amount = z.union([z.number(), z.string()]);
const record = resource({
  number: z.string().nullish(),
  status: z.string().nullish(),
  date_placed: z.string().nullish(),
  currency: z.string().nullish(),
  net_total: amount.nullish(),
  total_amount_refunded: amount.nullish(),
});

/**
 * What customers paid. The sale price is here and nowhere else: the deferred revenue of a booking says when revenue counts as earned, not
 * what was paid.
 */
export const orders = defineEntity({
  name: 'orders',
  record,
  row: z.object({
    customer_id: z.string().nullable(),
    number: z.string().nullable(),
    status: z.string().nullable(),
    placed_at: z.iso.datetime().nullable(),
    currency: z.string().nullable(),
    sale_price: z.string().meta({ column: 'numeric' }).nullable(),
    refunded: z.string().meta({ column: 'numeric' }).nullable(),
  }),
  key: 'id',
  listings: {
    all: listed('orders'),
    changes: { ...listed('orders'), since: updatedSince },
    one: single('orders'),
  },
  supportsWebhooks: false,
  schedule: { delta: { every: '15m' }, reconciliation: { at: '03:30' } },
  map: ({ attributes: own, relationships }) => ({
    customer_id: relatedId(relationships, 'user'),
    number: own.number ?? null,
    status: own.status ?? null,
    placed_at: own.date_placed ?? null,
    currency: own.currency ?? null,
    sale_price: own.net_total == null ? null : String(own.net_total),
    refunded: own.total_amount_refunded == null ? null : String(own.total_amount_refunded),
  }),
});
