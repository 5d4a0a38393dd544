import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { send } from '../../simulator/testClient';
import { firstCustomerId, startServiceTitanSimulator } from './index';
import { appKey, clientOf, tenant } from './testClient';

const options = { tenants: [tenant], appKey, rateLimit: false } as const;

test('60 requests a second; the 61st is refused in two forms by turns, one without a header', async () => {
  const simulator = await startServiceTitanSimulator({
    ...options,
    rateLimit: { requests: 2, perSeconds: 60, form: 'both' },
  });
  const { ask } = await clientOf(simulator);
  const answers = [];
  for (let n = 0; n < 4; n++) answers.push(await ask('/customers?pageSize=1'));
  await simulator.stop();
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 429, 429]);
  const [, , byTitle, byHeader] = answers;
  expect(byTitle?.json.title).toMatch(/^Rate limit is exceeded\. Try again in \d+ seconds$/);
  expect(byTitle?.headers['retry-after']).toBeUndefined();
  expect(byHeader?.json.message).toMatch(/Try again in \d+ seconds\.$/);
  expect(Number(byHeader?.headers['retry-after'])).toBeGreaterThan(0);
});

test('changes survive a restart with the same journal, and another seed is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'service-titan-'));
  const journal = join(folder, 'journal.jsonl');
  const id = String(firstCustomerId + 1);
  const first = await startServiceTitanSimulator({ ...options, journal });
  first.control.changeCustomer('1001', id, { name: 'Renamed' });
  first.control.note('1001', id, 'kept');
  const contact = first.control.addContact('1001', id, { type: 'Email', value: 'kept@example.com' });
  await first.stop();
  const second = await startServiceTitanSimulator({ ...options, journal });
  expect(second.control.customer('1001', id).name).toBe('Renamed');
  expect(second.control.contactsOf('1001', id)).toContainEqual(second.control.contact('1001', contact));
  await second.stop();
  const larger = { ...options, tenants: [{ ...tenant, customers: 401 }], journal };
  await expect(startServiceTitanSimulator(larger)).rejects.toThrow('holds the changes to other data');
  await rm(folder, { recursive: true });
});

test('the control API does over HTTP what the object does', async () => {
  const simulator = await startServiceTitanSimulator(options);
  const call = async (method: string, path: string, body?: object) => {
    const response = await send(`${simulator.url}${path}`, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
    return { status: response.status, json: JSON.parse(response.text) };
  };
  const id = String(firstCustomerId + 2);
  await call('PATCH', `/control/1001/customers/${id}`, { fields: { name: 'By hand' } });
  await call('POST', `/control/1001/customers/${id}/contacts`, { fields: { type: 'Email', value: 'x@example.com' } });
  const { json } = await call('GET', `/control/1001/customers/${id}`);
  expect(json.customer.name).toBe('By hand');
  expect(json.contacts.at(-1).value).toBe('x@example.com');
  expect((await call('GET', '/control/1001/customers/1')).status).toBe(409);
  await call('PUT', '/control/settings', { appKey: 'another' });
  const { ask } = await clientOf(simulator);
  expect((await ask('/customers')).status).toBe(401);
  await call('PUT', '/control/settings', { appKey });
  await call('PUT', '/control/1001/hidden', { hidden: true });
  expect((await ask('/customers')).json.data).toEqual([]);
  const status = (await call('GET', '/control/status')).json;
  expect(status).toMatchObject({ hidden: ['1001'], requests: { byPath: { '/customers': 2, '/connect/token': 1 } } });
  await simulator.stop();
});

test('the same seed is the same data; reads may lag behind a write', async () => {
  const [a, b] = [await startServiceTitanSimulator(options), await startServiceTitanSimulator(options)];
  expect([...a.control.customers('1001')]).toEqual([...b.control.customers('1001')]);
  await b.stop();
  a.control.setStale({ maxMs: 3_600_000, probability: 1 });
  const id = a.control.createCustomer('1001', { name: 'Late' });
  const { ask } = await clientOf(a);
  const statuses = [];
  for (let n = 0; n < 5; n++) statuses.push((await ask(`/customers/${id}`)).status);
  expect(statuses).toContain(404);
  await a.stop();
});

test('30,000 customers with their contacts are ready at once', async () => {
  const simulator = await startServiceTitanSimulator({ ...options, tenants: [{ ...tenant, customers: 30_000 }] });
  const { customers, contacts } = simulator.control.count('1001');
  expect([customers, contacts > 45_000]).toEqual([30_000, true]);
  await simulator.stop();
});
