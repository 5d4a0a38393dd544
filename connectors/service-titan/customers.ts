import { z } from 'zod';
import { defineEntity } from '../../schema';
import { contacts, reachedBy } from './contacts';
import { exported, modifiedOnOrAfter, transactional } from './listings';
import { splitName } from './names';
import { instantOrNull } from './times';

/** What we use of a customer. Phones and e-mail addresses are not in it: they are its related `contacts`. */
const record = z.looseObject({
  id: z.int(),
  active: z.boolean(),
  name: z.string().nullable(),
  type: z.string().nullish(),
  address: z
    .looseObject({
      street: z.string().nullish(),
      unit: z.string().nullish(),
      city: z.string().nullish(),
      state: z.string().nullish(),
      zip: z.string().nullish(),
      country: z.string().nullish(),
    })
    .nullish(),
  balance: z.number().nullish(),
  createdOn: z.string(),
  modifiedOn: z.string(),
  mergedToId: z.int().nullish(),
});

// lists show active customers only unless they are asked: a customer that is deactivated or merged would never be seen to change
const active = 'Any';

/** Every customer of the tenant, active or not. There is no delete: a customer is deactivated, mostly by a merge. */
export const customers = defineEntity({
  name: 'customers',
  record,
  row: z.object({
    workspace_id: z.string(),
    crm_id: z.string(),
    firstname: z.string().nullable(),
    lastname: z.string().nullable(),
    company: z.string().nullable(),
    phone: z.string().nullable(),
    email: z.string().nullable(),
    type: z.string().nullable(),
    active: z.boolean(),
    merged_to_id: z.string().nullable(),
    street: z.string().nullable(),
    unit: z.string().nullable(),
    city: z.string().nullable(),
    state: z.string().nullable(),
    zip: z.string().nullable(),
    country: z.string().nullable(),
    balance: z.number().meta({ column: 'numeric' }).nullable(),
    created_on: z.iso.datetime().nullable(),
  }),
  key: 'id',
  deltaSyncField: { name: 'modifiedOn', kind: 'instant' },
  listings: {
    // the export walks through everything whatever it is asked, so it serves the first sync only
    all: exported('/customers'),
    changes: { ...transactional('/customers', { active, sort: '+ModifiedOn' }), since: modifiedOnOrAfter },
    ids: transactional('/customers', { active, sort: '+Id' }),
    one: { path: '/crm/v2/tenant/{tenant}/customers/{id}' },
  },
  touch: { path: '/crm/v2/tenant/{tenant}/customers/{id}/notes', body: { text: '{text}' } },
  related: { contacts },
  alikeBy: ['phone', 'email'],
  supportsWebhooks: false,
  schedule: { delta: { every: '15m' }, reconciliation: { at: '03:00' } },
  map: (customer, { connection, related }) => ({
    workspace_id: connection.id,
    crm_id: String(customer.id),
    ...splitName(customer.name ?? '', customer.type),
    ...reachedBy(related.contacts),
    type: customer.type ?? null,
    active: customer.active,
    merged_to_id: customer.mergedToId == null ? null : String(customer.mergedToId),
    street: customer.address?.street ?? null,
    unit: customer.address?.unit ?? null,
    city: customer.address?.city ?? null,
    state: customer.address?.state ?? null,
    zip: customer.address?.zip ?? null,
    country: customer.address?.country ?? null,
    balance: customer.balance ?? null,
    created_on: instantOrNull(customer.createdOn),
  }),
});
