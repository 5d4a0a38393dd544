import type { JsonObject } from '../../schema';
import { modifiedOnOrAfter, transactional } from './listings';

const path = '/customers/contacts';

/**
 * The phones and e-mail addresses of customers, which neither a list nor a single customer carries. That one was changed need not move its
 * customer's `modifiedOn`, so their changes are read with each delta. A removed one is missing from these lists: the reconciliation finds it.
 */
export const contacts = {
  listing: {
    // `customerIds` excludes every other filter. Without a page size, 50 contacts would be the whole answer
    ...transactional(path, { customerIds: '{ids}' }),
    max: 25,
    paging: { scheme: 'page', sizeParam: 'pageSize', pageSize: 500, more: 'hasMore' },
  },
  changes: {
    ...transactional(path, { sort: '+ModifiedOn' }),
    since: { ...modifiedOnOrAfter, field: 'modifiedOn' },
  },
  ids: transactional(path, { sort: '+Id' }),
  parent: 'customerId',
  key: 'id',
  version: 'modifiedOn',
} as const;

/** The first phone number and the first e-mail address, in the order of their ids. */
export function reachedBy(found: readonly JsonObject[] = []): {
  readonly phone: string | null;
  readonly email: string | null;
} {
  const first = (...types: readonly string[]) => {
    const value = found.find((one) => types.includes(String(one.type)) && typeof one.value === 'string')?.value;
    return typeof value === 'string' ? value : null;
  };
  return { phone: first('Phone', 'MobilePhone'), email: first('Email') };
}
