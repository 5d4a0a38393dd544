import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Connector } from '../../schema/definition/connector';
import { atEnd } from '../../test/environment/atEnd';
import { connectionId, type Engine, startEngine } from '../../test/support/engine';
import { quick } from '../../test/support/quick';
import { until } from '../../test/support/server';
import { serviceTitan } from './connector';
import { customers } from './customers';
import { firstCustomerId, type ServiceTitanSimulator, startServiceTitanSimulator } from './simulator';

jest.setTimeout(240_000);

const tenant = '410387862';
const secrets = { clientId: 'client', clientSecret: 'secret', appKey: 'app-key' };

/** An engine over a simulated tenant. */
async function workspace(count: number, connector: Connector = quick(serviceTitan)) {
  const { clientId, clientSecret, appKey } = secrets;
  const simulator = await startServiceTitanSimulator({
    tenants: [{ tenant, customers: count, clientId, clientSecret }],
    appKey,
    rateLimit: false,
  });
  atEnd(() => simulator.stop());
  const settings = { tenant, baseUrl: simulator.url, authUrl: simulator.url };
  return { simulator, control: simulator.control, engine: await startEngine({ connector, settings, secrets }) };
}

const id = (n: number): string => String(firstCustomerId + n);
const paths = ({ control }: ServiceTitanSimulator) => control.logSummary().byPath;

describe('30,000 customers', () => {
  let engine: Engine;
  let simulator: ServiceTitanSimulator;

  beforeAll(async () => {
    ({ engine, simulator } = await workspace(30_000));
    for (const entity of ['customers', 'customer_contacts'])
      expect((await engine.delta(entity)).outcome).toBe('succeeded');
  });

  test('the first sync reads the export: every customer and every contact, in pages of 1,000', async () => {
    const { customers: made, contacts } = simulator.control.count(tenant);
    expect((await engine.rows('service_titan_customers')).size).toBe(made);
    expect((await engine.rows('service_titan_customer_contacts')).size).toBe(contacts);
    expect(paths(simulator)).toEqual({
      '/connect/token': 1,
      '/export/customers': 30,
      '/export/customers/contacts': Math.ceil(contacts / 1000),
    });
  });

  test.each([1, 12])('a note on %i of them: the next delta reads these by one request of the list', async (count) => {
    simulator.control.clearLog();
    for (let n = 0; n < count; n++) simulator.control.note(tenant, id(100 + n * 7));
    const before = await engine.rows('service_titan_customers');
    const { outcome, counts } = await engine.delta('customers');
    const after = await engine.rows('service_titan_customers');
    expect(outcome).toBe('succeeded');
    const changed = [...after].filter(([key, row]) => String(row._version) !== String(before.get(key)?._version));
    expect(changed.map(([key]) => key)).toEqual(Array.from({ length: count }, (_, n) => id(100 + n * 7)));
    expect(counts.inserted).toBe(0);
    expect(paths(simulator)).toEqual({ '/customers': 1 });
  });

  test('a token that is revoked between two pages costs one new token', async () => {
    const { control } = simulator;
    control.clearLog();
    control.latencyMs = 30;
    const running = engine.delta('customers', true);
    await until(async () => (paths(simulator)['/export/customers'] ?? 0) > 5);
    control.revokeTokens(tenant);
    const { outcome } = await running;
    control.latencyMs = 0;
    expect(outcome).toBe('succeeded');
    expect(control.logSummary().byPath['/connect/token']).toBe(1);
    expect(control.logSummary().byStatus['401']).toBeGreaterThan(0);
  });

  test('a customer is compared by seven requests, and nothing differs', async () => {
    simulator.control.clearLog();
    const { outcome, missing, stale, deleted } = await engine.reconcile('customers');
    expect([outcome, missing, stale, deleted]).toEqual(['succeeded', 0, 0, 0]);
    expect(paths(simulator)['/customers']).toBeLessThanOrEqual(8);
  });

  test("the guide's own SQL reads contacts, and the state of the sync", async () => {
    const sql = readFileSync(join(__dirname, 'contacts.sql'), 'utf8');
    await engine.db.raw(sql.replaceAll('?', '\\?'));
    const named = [...simulator.control.customers(tenant)].filter(
      (customer) => simulator.control.contactsOf(tenant, String(customer.id)).length > 0,
    );
    const { rows: counted } = await engine.db.raw(
      `SELECT count(*)::int AS count FROM contacts WHERE workspace_id = '${connectionId}' AND crm_id IS NOT NULL`,
    );
    expect(counted[0].count).toBe(named.length);
    const { rows } = await engine.db.raw(`SELECT firstname, lastname, crm_id, updated_at, created_at
      FROM contacts WHERE workspace_id = '${connectionId}' AND crm_id IS NOT NULL ORDER BY updated_at DESC LIMIT 20`);
    expect(rows).toHaveLength(20);
    const { rows: hours } = await engine.db.raw(`SELECT date_trunc('hour', updated_at) AS hour, COUNT(*) AS count
      FROM contacts WHERE workspace_id = '${connectionId}' AND crm_id IS NOT NULL
      AND updated_at >= NOW() - INTERVAL '24 hours' GROUP BY 1 ORDER BY 1 DESC`);
    expect(hours.length).toBeGreaterThan(0);
    const { rows: walk } = await engine.db.raw(`SELECT MIN(crm_id::integer), MAX(crm_id::integer)
      FROM contacts WHERE workspace_id = '${connectionId}' AND updated_at >= NOW() - INTERVAL '30 minutes'`);
    expect(walk[0].min).toBeGreaterThanOrEqual(firstCustomerId);
    const { rows: twice } = await engine.db.raw(`SELECT crm_id, COUNT(*) as count
      FROM contacts WHERE workspace_id = '${connectionId}' AND crm_id IS NOT NULL
      GROUP BY crm_id HAVING COUNT(*) > 1`);
    expect(twice).toEqual([]);
    const { rows: state } = await engine.db.raw(`SELECT sync_status, last_modified_cursor, last_sync_created,
        last_sync_updated, last_sync_errors, last_error, updated_at
      FROM servicetitan_sync_state WHERE workspace_id = '${connectionId}'`);
    expect(state).toMatchObject([{ sync_status: 'idle', last_sync_errors: 0, last_error: null }]);
  });
});

describe('a small tenant', () => {
  let engine: Engine;
  let simulator: ServiceTitanSimulator;

  beforeAll(async () => {
    ({ engine, simulator } = await workspace(300));
    for (const entity of ['customers', 'customer_contacts']) await engine.delta(entity);
  });

  test('a phone number that is changed alone arrives with the next delta of the contacts', async () => {
    const [customer] = [...simulator.control.customers(tenant)].filter(
      (one) => simulator.control.contactsOf(tenant, String(one.id)).length > 1,
    );
    const [contact] = simulator.control.contactsOf(tenant, String(customer?.id));
    simulator.control.changeContact(tenant, String(contact?.id), { value: '(200) 555-0123' });
    const { counts } = await engine.delta('customer_contacts');
    expect(counts.updated).toBe(1);
    const rows = await engine.rows('service_titan_customer_contacts');
    expect(rows.get(String(contact?.id))?.value).toBe('(200) 555-0123');
  });

  test('a customer that is merged into another is seen by the next delta, although usual lists hide it', async () => {
    simulator.control.merge(tenant, id(3), id(4));
    await engine.delta('customers');
    const row = (await engine.rows('service_titan_customers')).get(id(4));
    expect(row).toMatchObject({ active: false, merged_to_id: id(3) });
  });

  test('a removed contact is shown as inactive by the export: its row is soft-deleted', async () => {
    const rows = await engine.rows('service_titan_customer_contacts');
    const [removed = ''] = rows.keys();
    simulator.control.removeContact(tenant, removed);
    const { outcome } = await engine.reconcile('customer_contacts');
    expect(outcome).toBe('succeeded');
    expect((await engine.rows('service_titan_customer_contacts')).has(removed)).toBe(false);
  });

  test('times that were never set are null, and a company has no first name', async () => {
    const rows = [...(await engine.rows('service_titan_customers')).values()];
    expect(rows.filter(({ created_on: at }) => at === null).length).toBeGreaterThan(0);
    const companies = rows.filter(({ company }) => company !== null);
    expect(companies.length).toBeGreaterThan(30);
    expect(companies.every(({ firstname, lastname }) => firstname === null && lastname === null)).toBe(true);
  });
});

test('an increment that reads the export instead of the list is caught: the export ignores the filter', async () => {
  const { changes } = customers.listings;
  if (changes === undefined) throw new Error('customers has no listing of changes');
  const swapped = { ...customers.listings.all, since: changes.since };
  const entities = new Map(quick(serviceTitan).entities);
  const entity = entities.get('customers');
  if (entity === undefined) throw new Error('there is no entity customers');
  entities.set('customers', { ...entity, listings: { ...entity.listings, changes: swapped } });
  const { engine } = await workspace(3000, { ...quick(serviceTitan), entities });
  expect((await engine.delta('customers')).outcome).toBe('succeeded');
  await expect(engine.delta('customers')).rejects.toThrow();
  const { rows } = await engine.db.raw(`select error_type, error from tidemark.runs order by id desc limit 1`);
  expect([rows[0].error_type, rows[0].error]).toEqual(['ContractBroken', expect.stringMatching(/filter/i)]);
});
