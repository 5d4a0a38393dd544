import { firstContactId, firstCustomerId, type ServiceTitanSimulator, startServiceTitanSimulator } from './index';
import { appKey, clientOf, idsOf, newToken, tenant } from './testClient';

let simulator: ServiceTitanSimulator;
const other = { tenant: '2002', customers: 30, clientId: 'other', clientSecret: 'hidden' };

beforeAll(async () => {
  simulator = await startServiceTitanSimulator({ tenants: [tenant, other], appKey, rateLimit: false });
});
afterAll(() => simulator.stop());

describe('access', () => {
  test('a token by client credentials, for 15 minutes; wrong ones are refused as OAuth words it', async () => {
    const { status, json } = await newToken(simulator, 'client', 'secret');
    expect([status, json.expires_in, json.token_type]).toEqual([200, 900, 'Bearer']);
    const refused = await newToken(simulator, 'client', 'wrong');
    expect([refused.status, refused.json.error]).toEqual([400, 'invalid_client']);
  });

  test('without the app key, with a revoked token or for another tenant nothing is shown', async () => {
    const { ask } = await clientOf(simulator);
    expect((await ask('/customers', undefined, 'GET', { 'st-app-key': '' })).status).toBe(401);
    expect((await ask('/customers')).status).toBe(200);
    const stranger = await clientOf(simulator, { ...tenant, tenant: other.tenant });
    expect((await stranger.ask('/customers')).status).toBe(403);
    expect(simulator.control.revokeTokens(tenant.tenant)).toBeGreaterThan(0);
    const revoked = await ask('/customers');
    expect([revoked.status, revoked.headers['www-authenticate']]).toEqual([401, 'Bearer error="invalid_token"']);
  });

  test('a token ends after its time at the source', async () => {
    const { ask } = await clientOf(simulator);
    simulator.control.setClock({ offsetMs: 899_000 });
    expect((await ask('/customers')).status).toBe(200);
    simulator.control.setClock({ offsetMs: 901_000 });
    expect((await ask('/customers')).status).toBe(401);
    simulator.control.setClock({});
  });

  test('two tenants use the same ids for different customers', async () => {
    const [mine, theirs] = [await clientOf(simulator), await clientOf(simulator, other)];
    const path = `/customers/${firstCustomerId}`;
    const [a, b] = [(await mine.ask(path)).json, (await theirs.ask(path)).json];
    expect(a.id).toBe(b.id);
    expect(a.address).not.toEqual(b.address);
  });
});

describe('lists', () => {
  test('50 a page without a size, at most 5000, a total only if it is asked for', async () => {
    const { ask } = await clientOf(simulator);
    const first = await ask('/customers?active=Any');
    expect([first.json.data.length, first.json.hasMore, first.json.totalCount]).toEqual([50, true, null]);
    const all = await ask('/customers?active=Any&pageSize=5000&includeTotal=True');
    expect([all.json.data.length, all.json.hasMore, all.json.totalCount]).toEqual([400, false, 400]);
    const last = await ask('/customers?active=Any&pageSize=150&page=3');
    expect([last.json.data.length, last.json.hasMore]).toEqual([100, false]);
    const refused = await ask('/customers?pageSize=5001');
    expect([refused.status, refused.json.errors]).toEqual([
      400,
      { pageSize: ['The field pageSize must be between 1 and 5000.'] },
    ]);
  });

  test('inactive customers are left out unless they are asked for', async () => {
    const { ask } = await clientOf(simulator);
    const count = async (query: string) => idsOf(await ask(`/customers?pageSize=5000${query}`)).length;
    const [usual, active, inactive, any] = [
      await count(''),
      await count('&active=True'),
      await count('&active=False'),
      await count('&active=Any'),
    ];
    expect(usual).toBe(active);
    expect(inactive).toBeGreaterThan(8);
    expect(any).toBe(400);
    expect(active + inactive).toBe(400);
  });

  test('modifiedOnOrAfter and modifiedBefore filter, ids pick, a plus sign must be encoded', async () => {
    const { ask } = await clientOf(simulator);
    const since = '2024-01-01T00:00:00.000Z';
    const listed = (await ask(`/customers?active=Any&pageSize=5000&modifiedOnOrAfter=${since}`)).json.data;
    const expected = [...simulator.control.customers('1001')].filter(({ modifiedOn }) => String(modifiedOn) >= since);
    expect(listed.length).toBeGreaterThan(5);
    expect(listed).toEqual(expected);
    const before = await ask(`/customers?active=Any&pageSize=5000&modifiedBefore=${since}`);
    expect(before.json.data.length + listed.length).toBe(400);
    expect(idsOf(await ask(`/customers?active=Any&ids=${firstCustomerId + 3},${firstCustomerId + 1}`))).toHaveLength(2);
    const sorted = idsOf(await ask('/customers?active=Any&sort=-Id&pageSize=2'));
    expect(sorted).toEqual([firstCustomerId + 399, firstCustomerId + 398]);
    expect((await ask('/customers?sort=+Id')).status).toBe(400);
    expect((await ask('/customers?sort=%2BId')).status).toBe(200);
  });

  test('contacts by customers cannot be filtered otherwise, and the usual page cuts them', async () => {
    const { ask } = await clientOf(simulator);
    const ids = Array.from({ length: 40 }, (_, n) => firstCustomerId + n);
    const asked = `/customers/contacts?customerIds=${ids.join()}`;
    const all = await ask(`${asked}&pageSize=500`);
    expect(all.json.data.length).toBeGreaterThan(50);
    expect(new Set(all.json.data.map(({ customerId }) => customerId)).size).toBeGreaterThan(30);
    const cut = await ask(asked);
    expect([cut.json.data.length, cut.json.hasMore]).toEqual([50, true]);
    const refused = await ask(`${asked}&modifiedOnOrAfter=2020-01-01`);
    expect([refused.status, refused.json.errors]).toEqual([
      400,
      { customerIds: ["Cannot use other filters when 'customerIds' is in use"] },
    ]);
    const many = Array.from({ length: 51 }, (_, n) => firstCustomerId + n);
    expect((await ask(`/customers/contacts?customerIds=${many.join()}`)).status).toBe(400);
  });

  test('neither a list nor a single customer carries contacts; those of a customer do not name it', async () => {
    const { ask } = await clientOf(simulator);
    const customer = [...simulator.control.customers('1001')].find(
      ({ id }) => simulator.control.contactsOf('1001', String(id)).length === 3,
    );
    const one = (await ask(`/customers/${customer?.id}`)).json;
    expect(Object.keys(one)).not.toContain('contacts');
    const contacts = (await ask(`/customers/${customer?.id}/contacts`)).json.data;
    expect(contacts.map(({ type }) => type)).toEqual(['Phone', 'Email', 'MobilePhone']);
    expect(contacts.some((contact) => 'customerId' in contact || 'active' in contact)).toBe(false);
    expect((await ask('/customers/1')).status).toBe(404);
  });
});

describe('times', () => {
  test('0, 3 and 7 digits of a second in one list, and times that were never set', async () => {
    const { ask } = await clientOf(simulator);
    const { data } = (await ask('/customers?active=Any&pageSize=5000')).json;
    const digits = new Set(data.map(({ modifiedOn }) => (/\.(\d+)Z$/.exec(String(modifiedOn))?.[1] ?? '').length));
    expect([...digits].sort()).toEqual([0, 3, 7]);
    const never = data.filter(({ createdOn }) => createdOn === '0001-01-01T00:00:00Z');
    expect(never.length).toBeGreaterThan(0);
    expect(never.every(({ createdById }) => createdById === 0)).toBe(true);
  });
});

describe('changes', () => {
  test('a note moves its customer; a changed contact does not, unless it is set so', async () => {
    const { control } = simulator;
    const { ask } = await clientOf(simulator);
    const id = String(firstCustomerId + 5);
    const at = () => control.customer('1001', id).modifiedOn;
    const before = at();
    const { status, json } = await ask(`/customers/${id}/notes`, { text: 'call back' });
    expect([status, json.text, json.isPinned]).toEqual([200, 'call back', false]);
    const noted = at();
    expect(String(noted) > String(before)).toBe(true);
    const [contact] = control.contactsOf('1001', id);
    control.changeContact('1001', String(contact?.id), { value: '(200) 555-0111' });
    expect(at()).toBe(noted);
    control.contactsMoveCustomer = true;
    control.setClock({ offsetMs: 5000 });
    control.changeContact('1001', String(contact?.id), { value: '(200) 555-0112' });
    expect(at()).not.toBe(noted);
    control.contactsMoveCustomer = false;
    control.setClock({});
  });

  test('a merged customer is inactive and names the one that is kept', async () => {
    const { ask } = await clientOf(simulator);
    const [keep, remove] = [String(firstCustomerId + 7), String(firstCustomerId + 8)];
    simulator.control.merge('1001', keep, remove);
    expect((await ask(`/customers/${remove}`)).json).toMatchObject({ active: false, mergedToId: Number(keep) });
    expect(idsOf(await ask(`/customers?ids=${remove}`))).toEqual([]);
  });

  test('contacts are added, changed and removed through the API', async () => {
    const { ask } = await clientOf(simulator);
    const path = `/customers/${simulator.control.createCustomer('1001', { name: 'Nobody Yet' })}/contacts`;
    expect((await ask(path)).json.data).toEqual([]);
    const made = (await ask(path, { type: 'Email', value: 'a@example.com' })).json;
    expect((await ask(`${path}/${made.id}`, { value: 'b@example.com' }, 'PATCH')).json.value).toBe('b@example.com');
    expect((await ask(path)).json.data).toMatchObject([{ id: made.id, type: 'Email', value: 'b@example.com' }]);
    expect((await ask(`${path}/${made.id}`, undefined, 'DELETE')).status).toBe(200);
    expect((await ask(path)).json.data).toEqual([]);
    expect((await ask(`${path}/${made.id}`, undefined, 'DELETE')).status).toBe(404);
    expect(Number(made.id)).toBeGreaterThanOrEqual(firstContactId);
  });
});
