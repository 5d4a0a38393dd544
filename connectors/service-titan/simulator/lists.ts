import type { Collection, InstantField } from '../../simulator/collection';
import { type Fault, faultOf } from '../../simulator/faults';
import { BadRequest } from './answers';
import {
  activeAsked,
  idsAsked,
  type Order,
  orderAsked,
  type PageAsked,
  pageAsked,
  type Span,
  spanAsked,
} from './parameters';
import type { Shown, Tenant } from './tenant';

/** The body of a transactional list. */
export interface PagedBody {
  page: number;
  pageSize: number;
  hasMore: boolean;
  totalCount: number | null;
  data: Shown[];
}

/** `GET /customers`. Throws BadRequest. */
export function listCustomers(tenant: Tenant, params: URLSearchParams, faults: readonly Fault[]): PagedBody {
  const { customers } = tenant;
  const active = activeAsked(params);
  const ids = idsAsked(params, 'ids');
  const name = params.get('name')?.toLowerCase();
  const spans = spansAsked(params, faults);
  const from =
    ids?.map((id) => customers.find(id)).filter((slot) => slot !== undefined) ?? candidates(customers, spans);
  const slots = from.filter((slot) => {
    if (active !== 'Any' && tenant.isActive(slot) !== (active === 'True')) return false;
    if (!inSpans(customers, slot, spans)) return false;
    return name === undefined || String(tenant.showCustomer(slot).name).toLowerCase().includes(name);
  });
  const sorted = inOrder(customers, slots, orderAsked(params));
  return paged(sorted, pageAsked(params), (slot) => tenant.showCustomer(slot), faults, filtered(spans));
}

/** `GET /customers/contacts`: by customers, or by time, but not by both. Throws BadRequest. */
export function listContacts(tenant: Tenant, params: URLSearchParams, faults: readonly Fault[]): PagedBody {
  const { contacts } = tenant;
  const customerIds = idsAsked(params, 'customerIds');
  const spans = spansAsked(params, faults);
  if (customerIds !== undefined && filtered(spans))
    throw new BadRequest('customerIds', "Cannot use other filters when 'customerIds' is in use");
  const from = customerIds?.flatMap((id) => tenant.contactsOf(id)) ?? candidates(contacts, spans);
  const slots = from.filter((slot) => tenant.isThere(slot) && inSpans(contacts, slot, spans));
  const sorted = inOrder(contacts, slots, orderAsked(params));
  return paged(sorted, pageAsked(params), (slot) => withoutActive(tenant, slot), faults, filtered(spans));
}

/** `GET /customers/{id}/contacts`, whose records don't name the customer. */
export function listContactsOf(tenant: Tenant, customer: string, params: URLSearchParams, faults: readonly Fault[]) {
  const show = (slot: number) => {
    const { customerId: _customerId, ...contact } = withoutActive(tenant, slot);
    return contact as Shown;
  };
  return paged(tenant.contactsOf(customer), pageAsked(params), show, faults, false);
}

/** `active` is shown by the export only. */
function withoutActive(tenant: Tenant, slot: number): Shown {
  const { active: _active, ...contact } = tenant.showContact(slot);
  return contact;
}

type Spans = Readonly<Partial<Record<InstantField, Span>>>;

function spansAsked(params: URLSearchParams, faults: readonly Fault[]): Spans {
  const [created, modified] = [spanAsked(params, 'created'), spanAsked(params, 'modified')];
  if (faultOf(faults, 'ignoreFilter')) return {};
  return { ...(created ? { created_at: created } : {}), ...(modified ? { updated_at: modified } : {}) };
}

const filtered = (spans: Spans): boolean => Object.keys(spans).length > 0;

/** The records of the span of their changes, or all: a delta must not walk 30,000 records. */
function candidates(records: Collection, spans: Spans): number[] {
  const span = spans.updated_at;
  if (span === undefined) return records.allSlots();
  const index = records.index('updated_at');
  const first = index.rankOf(span.from);
  return index.slice(first, Math.max(0, index.rankOf(span.to) - first)).sort((a, b) => a - b);
}

function inSpans(records: Collection, slot: number, spans: Spans): boolean {
  return (Object.entries(spans) as [InstantField, Span][]).every(([field, { from, to }]) => {
    const at = records.instant(slot, field);
    return at >= from && at < to;
  });
}

function inOrder(records: Collection, slots: readonly number[], { field, direction }: Order): readonly number[] {
  if (field === 'Id') return direction === 1 ? slots : [...slots].reverse();
  const by = field === 'ModifiedOn' ? 'updated_at' : 'created_at';
  const at = (slot: number) => records.instant(slot, by);
  return [...slots].sort((a, b) => direction * (at(a) - at(b)) || a - b);
}

function paged(
  slots: readonly number[],
  asked: PageAsked,
  show: (slot: number) => Shown,
  faults: readonly Fault[],
  isFiltered: boolean,
): PagedBody {
  const empty =
    faultOf(faults, 'emptyList') !== undefined || (isFiltered && faultOf(faults, 'emptyFilter') !== undefined);
  const all = empty ? [] : slots;
  const pageSize = Math.min(asked.pageSize, faultOf(faults, 'capPageSize')?.max ?? asked.pageSize);
  const start = (asked.page - 1) * pageSize;
  const data = all.slice(start, start + pageSize).map(show);
  const short = faultOf(faults, 'shortPage');
  if (short) data.splice(short.keep);
  const first = data[0];
  if (first && faultOf(faults, 'doubleRecord')) data.push(first);
  const total = Math.max(0, all.length + (faultOf(faults, 'wrongTotal')?.by ?? 0));
  return {
    page: asked.page,
    pageSize,
    hasMore: start + pageSize < all.length,
    totalCount: asked.includeTotal ? total : null,
    data,
  };
}
