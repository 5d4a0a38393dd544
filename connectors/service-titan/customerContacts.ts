import { z } from 'zod';
import { defineEntity } from '../../schema';
import { exported, modifiedOnOrAfter, transactional } from './listings';
import { instantOrNull } from './times';

/** A phone number, e-mail address or fax number of a customer. */
const record = z.looseObject({
  id: z.int(),
  customerId: z.int(),
  type: z.string(),
  value: z.string().nullable(),
  memo: z.string().nullish(),
  phoneSettings: z.looseObject({ doNotText: z.boolean().nullish() }).nullish(),
  createdOn: z.string().nullish(),
  modifiedOn: z.string(),
  /** in the export only: a removed contact goes on being shown, as inactive */
  active: z.boolean().optional(),
});

/**
 * The phones and e-mail addresses of all customers, an entity of their own: that a contact was changed need not move its customer's
 * `modifiedOn`, but it has one itself.
 */
export const customerContacts = defineEntity({
  name: 'customer_contacts',
  record,
  row: z.object({
    customer_id: z.string(),
    type: z.string(),
    value: z.string().nullable(),
    memo: z.string().nullable(),
    do_not_text: z.boolean().nullable(),
    created_on: z.iso.datetime().nullable(),
  }),
  key: 'id',
  deltaSyncField: { name: 'modifiedOn', kind: 'instant' },
  listings: {
    all: exported('/customers/contacts'),
    changes: { ...transactional('/customers/contacts', { sort: '+ModifiedOn' }), since: modifiedOnOrAfter },
  },
  gone: { record: (contact) => contact.active === false },
  alikeBy: ['value'],
  supportsWebhooks: false,
  schedule: { delta: { every: '15m' }, reconciliation: { at: '03:30' } },
  map: (contact) => ({
    customer_id: String(contact.customerId),
    type: contact.type,
    value: contact.value,
    memo: contact.memo ?? null,
    do_not_text: contact.phoneSettings?.doNotText ?? null,
    created_on: instantOrNull(contact.createdOn),
  }),
});
