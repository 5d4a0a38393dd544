import type { Listing } from '../../schema/definition/listing';
import { valueAt } from '../../schema/json';
import { preview } from '../../schema/preview';

/** A body that contradicts the listing's definition; `message` says how. */
export class NotThisList extends Error {}

/** The error that a body of status 200 declares, or undefined. What APIs send for "none" (null, false, empty) is none. */
export function declaredError(body: unknown, path: string | undefined): unknown {
  if (path === undefined) return undefined;
  const error = valueAt(body, path);
  if (error === null || error === false || error === '' || (Array.isArray(error) && error.length === 0))
    return undefined;
  return error;
}

/** The records and the total of a listing's body. Throws NotThisList. */
export function listIn(listing: Listing, body: unknown): { records: readonly unknown[]; total: number | undefined } {
  const records = valueAt(body, listing.records);
  if (!Array.isArray(records)) {
    const where = listing.records === '' ? 'the body' : `'${listing.records}' in the body`;
    throw new NotThisList(`${where} is not a list but ${kindOf(records)}`);
  }
  return { records, total: listing.total === undefined ? undefined : totalIn(body, listing.total) };
}

/** Undefined where the body has none: some APIs tell it with the first page only. */
function totalIn(body: unknown, path: string): number | undefined {
  const value = valueAt(body, path);
  if (value === undefined || value === null) return undefined;
  const total = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof total !== 'number' || !Number.isSafeInteger(total) || total < 0) {
    throw new NotThisList(`'${path}' in the body is not a number of records but ${preview(value, 100)}`);
  }
  return total;
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
