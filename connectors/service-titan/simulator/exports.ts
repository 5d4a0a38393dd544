import type { Collection } from '../../simulator/collection';
import { type Fault, faultOf } from '../../simulator/faults';
import { BadRequest } from './answers';
import { readInstant } from './instant';
import { flag } from './parameters';
import type { Shown, Tenant } from './tenant';

/** The body of an export. `continueFrom` is there on the last page too: with it, one asks again for what came since. */
export interface ExportBody {
  hasMore: boolean;
  continueFrom: string;
  data: Shown[];
}

/** Not documented, and no parameter changes it. */
export const exportPageSize = 1000;

/** Where an export has come to: after a record, in the order of changes. */
interface Place {
  readonly at: number;
  readonly slot: number;
}

const beginning: Place = { at: Number.NEGATIVE_INFINITY, slot: -1 };

/**
 * `GET /export/customers` and `GET /export/customers/contacts`: everything, active or not, in the order of changes, and no filter but the
 * place to go on from. The newest changes are held back for a while; with `includeRecentChanges` they come sooner, and come
 * again in later requests. Throws BadRequest.
 */
export function exportPage(
  tenant: Tenant,
  kind: 'customers' | 'contacts',
  params: URLSearchParams,
  faults: readonly Fault[],
  { now, heldBackMs, withheldMs }: { readonly now: number; readonly heldBackMs: number; readonly withheldMs: number },
): ExportBody {
  const records = tenant[kind];
  const index = records.index('updated_at');
  const from = placeAsked(params.get('from'));
  const horizon = now - heldBackMs;
  const recent = flag(params, 'includeRecentChanges');
  const end = index.rankOf((recent ? now - withheldMs : horizon) + 1);
  const start = rankAfter(records, from);
  const slots = faultOf(faults, 'emptyList')
    ? []
    : index.slice(start, Math.max(0, Math.min(exportPageSize, end - start)));
  const hasMore = start + slots.length < end;
  const show = (slot: number): Shown => (kind === 'customers' ? tenant.showCustomer(slot) : tenant.showContact(slot));
  const last = slots.at(-1);
  const reached = last === undefined ? from : { at: records.instant(last, 'updated_at'), slot: last };
  const data = slots.map(show);
  const first = data[0];
  if (first && faultOf(faults, 'doubleRecord')) data.push(first);
  const stuck = faultOf(faults, 'repeatNext') !== undefined;
  return {
    hasMore: hasMore || stuck,
    continueFrom: stuck ? writePlace(from) : writePlace(hasMore ? reached : notBeyond(reached, horizon)),
    data,
  };
}

/** What is newer than the horizon comes again, whatever was shown of it. */
function notBeyond(place: Place, horizon: number): Place {
  return place.at <= horizon ? place : { at: horizon, slot: Number.MAX_SAFE_INTEGER };
}

/** How many records lie before a place, or at it. */
function rankAfter(records: Collection, { at, slot }: Place): number {
  if (at === Number.NEGATIVE_INFINITY) return 0;
  const index = records.index('updated_at');
  let rank = index.rankOf(at);
  for (const other of index.slice(rank, index.rankOf(at + 1) - rank))
    if (records.instant(other, 'updated_at') === at && other <= slot) rank++;
  return rank;
}

function placeAsked(text: string | null): Place {
  if (text === null || text === '') return beginning;
  const date = /^\d{4}-/.test(text) ? readInstant(text) : undefined;
  const place = date === undefined ? readPlace(text) : { at: date, slot: -1 };
  if (place === undefined) throw new BadRequest('from', `The value '${text}' is not valid.`);
  return place;
}

const mark = 0x04;

/** 28 characters that mean nothing to a client, as in the published sample. */
function writePlace({ at, slot }: Place): string {
  const bytes = Buffer.alloc(21);
  bytes.writeUInt8(mark, 0);
  bytes.writeDoubleBE(at, 1);
  bytes.writeDoubleBE(slot, 9);
  return bytes.toString('base64url');
}

function readPlace(text: string): Place | undefined {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== 21 || bytes[0] !== mark) return undefined;
  return { at: bytes.readDoubleBE(1), slot: bytes.readDoubleBE(9) };
}
