import { z } from 'zod';
import { defineEntity } from '../../schema';
import { listed, relatedId, resource, single, updatedSince } from './listings';

const record = resource({
  membership_name: z.string().nullish(),
  status: z.string().nullish(),
  start_date: z.string().nullish(),
  end_date: z.string().nullish(),
  cancellation_datetime: z.string().nullish(),
  renewal_rate: z.union([z.number(), z.string()]).nullish(),
  renewal_currency: z.string().nullish(),
  payment_interval: z.string().nullish(),
  is_intro_offer: z.boolean().nullish(),
});

const intervals: Readonly<Record<string, string>> = { DY: 'day', WK: 'week', MO: 'month', YR: 'year' };

/** The memberships that customers bought, which the API calls membership instances. */
export const memberships = defineEntity({
  name: 'memberships',
  record,
  row: z.object({
    customer_id: z.string().nullable(),
    name: z.string().nullable(),
    status: z.string().nullable(),
    start_date: z.iso.date().nullable(),
    end_date: z.iso.date().nullable(),
    cancelled_at: z.iso.datetime().nullable(),
    renewal_price: z.string().meta({ column: 'numeric' }).nullable(),
    currency: z.string().nullable(),
    payment_interval: z.string().nullable(),
    is_intro_offer: z.boolean().nullable(),
  }),
  key: 'id',
  listings: {
    all: listed('membership_instances'),
    changes: { ...listed('membership_instances'), since: updatedSince },
    one: single('membership_instances'),
  },
  supportsWebhooks: false,
  schedule: { delta: { every: '15m' }, reconciliation: { at: '03:45' } },
  map: ({ attributes: own, relationships }) => ({
    customer_id: relatedId(relationships, 'user'),
    name: own.membership_name ?? null,
    status: own.status ?? null,
    start_date: own.start_date ?? null,
    end_date: own.end_date ?? null,
    cancelled_at: own.cancellation_datetime ?? null,
    renewal_price: own.renewal_rate == null ? null : String(own.renewal_rate),
    currency: own.renewal_currency ?? null,
    // a code that is not known stays as it is
    payment_interval: own.payment_interval == null ? null : (intervals[own.payment_interval] ?? own.payment_interval),
    is_intro_offer: own.is_intro_offer ?? null,
  }),
});
