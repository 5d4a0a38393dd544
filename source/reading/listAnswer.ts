import type { ErrorSign, Listing, Total } from '../../schema/definition/listings/listing';
import { holds } from '../../schema/definition/listings/valueIs';
import { valueAt } from '../../schema/json/json';
import { preview } from '../../schema/text/preview';
import type { Told } from '../paging';
import { NotThisList } from './notThisList';
import { type Tabulated, tabulated } from './tabulated';

/**
 * The error that a body of status 200 declares, or undefined. What APIs send for "none" (null, false, empty) is none, unless the definition
 * names the value.
 */
export function declaredError(body: unknown, sign: ErrorSign | undefined): unknown {
  if (sign === undefined) return undefined;
  if (typeof sign !== 'string') return holds(body, sign) ? body : undefined;
  const error = valueAt(body, sign);
  if (error === null || error === false || error === '' || (Array.isArray(error) && error.length === 0))
    return undefined;
  return error;
}

/** What a listing's response holds. */
export interface Listed {
  readonly records: readonly unknown[];
  readonly total: number | undefined;
  /** of rows with headers: how their records were made */
  readonly table?: Tabulated | undefined;
}

/** The records and the total of a listing's response. `totalIsDue`: not to have the declared total is a mistake. Throws NotThisList. */
export function listIn(listing: Listing, told: Told, totalIsDue = true): Listed {
  const total = listing.total === undefined ? undefined : totalIn(told, listing.total, totalIsDue);
  if (listing.empty !== undefined && holds(told.body, listing.empty)) return { records: [], total };
  const records = valueAt(told.body, listing.records);
  if (!Array.isArray(records)) {
    const where = listing.records === '' ? 'the body' : `'${listing.records}' in the body`;
    throw new NotThisList(`${where} is not a list but ${kindOf(records)}`);
  }
  const table = listing.tabular && tabulated(listing.tabular, told.body, records);
  return { records: table?.records ?? records, total, table };
}

function totalIn({ body, headers }: Told, at: Total, isDue: boolean): number | undefined {
  const inHeader = typeof at !== 'string' && 'header' in at;
  const path = typeof at === 'string' ? at : 'path' in at ? at.path : '';
  const value = inHeader ? headers[at.header.toLowerCase()]?.trim() : valueAt(body, path);
  const where = inHeader ? `the header '${at.header}'` : `'${path}' in the body`;
  if (value === undefined || value === null) {
    if (!isDue && typeof at !== 'string' && at.pages === 'first') return undefined;
    throw new NotThisList(`${where}, the declared total, is ${value === null ? 'null' : 'missing'}`);
  }
  const total = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof total !== 'number' || !Number.isSafeInteger(total) || total < 0) {
    throw new NotThisList(`${where} is not a number of records but ${preview(value, 100)}`);
  }
  return total;
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
