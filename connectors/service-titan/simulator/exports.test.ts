import { type ServiceTitanSimulator, startServiceTitanSimulator } from './index';
import { type ApiResponse, appKey, clientOf, idsOf, tenant } from './testClient';

let simulator: ServiceTitanSimulator;
let ask: (path: string) => Promise<ApiResponse>;
const customers = 2300;

beforeEach(async () => {
  simulator = await startServiceTitanSimulator({ tenants: [{ ...tenant, customers }], appKey, rateLimit: false });
  ({ ask } = await clientOf(simulator));
});
afterEach(() => simulator.stop());

/** Every page of an export from a place on. */
async function drain(path: string, from = ''): Promise<{ ids: number[]; pages: number; next: string }> {
  const ids: number[] = [];
  let next = from;
  for (let pages = 1; ; pages++) {
    const separator = path.includes('?') ? '&' : '?';
    const response = await ask(next === '' ? path : `${path}${separator}from=${encodeURIComponent(next)}`);
    ids.push(...idsOf(response));
    next = String(response.json.continueFrom);
    if (response.json.hasMore === false) return { ids, pages, next };
  }
}

test('shows everything once, active or not, in the order of changes; the last page has a place to go on from', async () => {
  const { ids, pages, next } = await drain('/export/customers');
  expect([ids.length, new Set(ids).size, pages]).toEqual([customers, customers, 3]);
  expect(next).toHaveLength(28);
  const again = await drain('/export/customers', next);
  expect([again.ids, again.next]).toEqual([[], next]);
});

test('the filter of the list is unknown here: it changes nothing', async () => {
  const { ids } = await drain('/export/customers?modifiedOnOrAfter=2030-01-01T00:00:00Z');
  expect(ids).toHaveLength(customers);
});

test('the newest changes are held back; asked for, they come at once and come again', async () => {
  const { next } = await drain('/export/customers');
  const id = simulator.control.createCustomer('1001', { name: 'New' });
  expect((await drain('/export/customers', next)).ids).toEqual([]);
  const recent = await drain('/export/customers?includeRecentChanges=true', next);
  expect(recent.ids).toEqual([Number(id)]);
  expect((await drain('/export/customers?includeRecentChanges=true', recent.next)).ids).toEqual([Number(id)]);
  simulator.control.setClock({ offsetMs: 61_000 });
  expect((await drain('/export/customers', next)).ids).toEqual([Number(id)]);
});

test('begins at a date, which means the time of the change', async () => {
  const { ids } = await drain('/export/customers', '2025-01-01');
  const expected = [...simulator.control.customers('1001')].filter(({ modifiedOn }) => String(modifiedOn) >= '2025');
  expect([...ids].sort((a, b) => a - b)).toEqual(expected.map(({ id }) => id));
  expect((await ask('/export/customers?from=nonsense')).status).toBe(400);
});

test('contacts name their customer; a removed one is shown as inactive', async () => {
  const { ids } = await drain('/export/customers/contacts');
  expect(ids).toHaveLength(simulator.control.count('1001').contacts);
  const removed = String(ids[10]);
  simulator.control.removeContact('1001', removed);
  simulator.control.setClock({ offsetMs: 61_000 });
  const page = await ask(
    `/export/customers/contacts?from=${new Date(simulator.control.now() - 3_600_000).toISOString()}`,
  );
  expect(page.json.data).toMatchObject([{ id: Number(removed), active: false }]);
  expect(page.json.data[0]?.customerId).toBe(simulator.control.contact('1001', removed).customerId);
});
