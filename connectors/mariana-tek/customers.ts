import { z } from 'zod';
import { defineEntity } from '../../schema';
import { listed, resource, single } from './listings';

const record = resource({
  email: z.string().nullish(),
  first_name: z.string().nullish(),
  last_name: z.string().nullish(),
  phone_number: z.string().nullish(),
  birth_date: z.string().nullish(),
  address_line_1: z.string().nullish(),
  city: z.string().nullish(),
  state_province: z.string().nullish(),
  postal_code: z.string().nullish(),
  country: z.string().nullish(),
  account_balance: z.union([z.number(), z.string()]).nullish(),
  archived_at: z.string().nullish(),
});

/** The customers of a brand, which the API calls users. Their list has no filter by change, so that each delta reads all of it. */
export const customers = defineEntity({
  name: 'customers',
  record,
  row: z.object({
    email: z.string().nullable(),
    first_name: z.string().nullable(),
    last_name: z.string().nullable(),
    phone: z.string().nullable(),
    birth_date: z.iso.date().nullable(),
    address: z.string().nullable(),
    city: z.string().nullable(),
    state: z.string().nullable(),
    postal_code: z.string().nullable(),
    country: z.string().nullable(),
    account_balance: z.string().meta({ column: 'numeric' }).nullable(),
    archived_at: z.iso.datetime().nullable(),
  }),
  key: 'id',
  listings: { all: listed('users'), one: single('users') },
  alikeBy: ['email', 'phone'],
  supportsWebhooks: false,
  schedule: { delta: { every: '1h' }, reconciliation: { at: '03:00' } },
  map: ({ attributes: own }) => ({
    email: own.email ?? null,
    first_name: own.first_name ?? null,
    last_name: own.last_name ?? null,
    phone: own.phone_number ?? null,
    birth_date: own.birth_date ?? null,
    address: own.address_line_1 ?? null,
    city: own.city ?? null,
    state: own.state_province ?? null,
    postal_code: own.postal_code ?? null,
    country: own.country ?? null,
    account_balance: own.account_balance == null ? null : String(own.account_balance),
    archived_at: own.archived_at ?? null,
  }),
});
