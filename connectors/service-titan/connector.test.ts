import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startWorkspace, tenant, type Workspace } from '../../test/service-titan/workspace';
import { connectionId } from '../../test/support/engine';
import { quick } from '../../test/support/quick';
import { until } from '../../test/support/server';
import { serviceTitan } from './connector';
import { customers } from './customers';
import { firstCustomerId } from './simulator';

jest.setTimeout(240_000);

const id = (n: number): string => String(firstCustomerId + n);
const paths = ({ control }: Workspace) => control.logSummary().byPath;

/** Those customers that have a phone number or an e-mail address. */
const reachable = ({ control }: Workspace) =>
  [...control.customers(tenant)]
    .map((one) => String(one.id))
    .filter((one) => control.contactsOf(tenant, one).length > 0);

/** The view of people who used other tools before. */
async function makeView({ engine }: Workspace): Promise<void> {
  await engine.db.raw(readFileSync(join(__dirname, 'contacts.sql'), 'utf8').replaceAll('?', '\\?'));
}

describe('30,000 customers', () => {
  let workspace: Workspace;
  let firstSync: Readonly<Record<string, number>>;

  beforeAll(async () => {
    workspace = await startWorkspace({ customers: 30_000 });
    expect((await workspace.engine.delta('customers')).outcome).toBe('succeeded');
    firstSync = paths(workspace);
    await makeView(workspace);
  });
  beforeEach(() => workspace.control.clearLog());

  test('the first sync has read the export, and the contacts of 25 customers with each request', async () => {
    const { engine } = workspace;
    const { rows } = await engine.db.raw('select requests from tidemark.runs');
    expect([firstSync['/export/customers'], firstSync['/customers/contacts']]).toEqual([30, 1_200]);
    expect(rows).toEqual([{ requests: 1_230 }]);
    expect((await engine.rows('service_titan_customers')).size).toBe(30_000);
    const { rows: shown } = await engine.db.raw('select crm_id from contacts order by crm_id::integer');
    expect(shown.map((row: { crm_id: string }) => row.crm_id)).toEqual(reachable(workspace));
  });

  test.each([1, 12])('a note on %i of them writes exactly these contacts, less those without any', async (count) => {
    const { control, engine } = workspace;
    const noted = Array.from({ length: count }, (_, n) => id(100 + n * 7));
    for (const one of noted) control.note(tenant, one);
    const contactsSince = async (since: Date) => {
      const { rows } = await engine.db.raw(
        'select crm_id, created_at < updated_at as before from contacts where updated_at > ? order by crm_id::integer',
        [since],
      );
      return rows;
    };
    const { rows: now } = await engine.db.raw('select clock_timestamp() as at');
    const { outcome, counts } = await engine.delta('customers');
    expect([outcome, counts.inserted, counts.updated]).toEqual(['succeeded', 0, count]);
    const expected = noted.filter((one) => control.contactsOf(tenant, one).length > 0);
    expect(await contactsSince(now[0].at)).toEqual(expected.map((one) => ({ crm_id: one, before: true })));
    // one for what changed, one for changed contacts, and one for the contacts of those that changed
    expect(paths(workspace)).toEqual({ '/customers': 1, '/customers/contacts': 2 });
    expect(await engine.db('tidemark.runs').orderBy('id', 'desc').first('requests')).toEqual({ requests: 3 });
  });

  test('a reconciliation compares customers and contacts by lists of 5,000, and nothing differs', async () => {
    const { outcome, missing, stale, deleted } = await workspace.engine.reconcile('customers');
    expect([outcome, missing, stale, deleted]).toEqual(['succeeded', 0, 0, 0]);
    expect(paths(workspace)['/customers']).toBeLessThanOrEqual(8);
    expect(paths(workspace)['/customers/contacts']).toBeLessThanOrEqual(12);
  });

  test("the guide's own SQL reads contacts, and the state of the sync", async () => {
    const { db } = workspace.engine;
    const { rows: counted } = await db.raw(
      `SELECT count(*)::int AS count FROM contacts WHERE workspace_id = '${connectionId}' AND crm_id IS NOT NULL`,
    );
    expect(counted[0].count).toBe(reachable(workspace).length);
    const { rows } = await db.raw(`SELECT firstname, lastname, crm_id, updated_at, created_at
      FROM contacts WHERE workspace_id = '${connectionId}' AND crm_id IS NOT NULL ORDER BY updated_at DESC LIMIT 20`);
    expect(rows).toHaveLength(20);
    const { rows: hours } = await db.raw(`SELECT date_trunc('hour', updated_at) AS hour, COUNT(*) AS count
      FROM contacts WHERE workspace_id = '${connectionId}' AND crm_id IS NOT NULL
      AND updated_at >= NOW() - INTERVAL '24 hours' GROUP BY 1 ORDER BY 1 DESC`);
    expect(hours.length).toBeGreaterThan(0);
    const { rows: walk } = await db.raw(`SELECT MIN(crm_id::integer), MAX(crm_id::integer)
      FROM contacts WHERE workspace_id = '${connectionId}' AND updated_at >= NOW() - INTERVAL '30 minutes'`);
    expect(walk[0].min).toBeGreaterThanOrEqual(firstCustomerId);
    const { rows: twice } = await db.raw(`SELECT crm_id, COUNT(*) as count
      FROM contacts WHERE workspace_id = '${connectionId}' AND crm_id IS NOT NULL
      GROUP BY crm_id HAVING COUNT(*) > 1`);
    expect(twice).toEqual([]);
    const { rows: state } = await db.raw(`SELECT sync_status, last_modified_cursor, last_sync_created,
        last_sync_updated, last_sync_errors, last_error, updated_at
      FROM servicetitan_sync_state WHERE workspace_id = '${connectionId}'`);
    expect(state).toMatchObject([{ sync_status: 'idle', last_sync_errors: 0, last_error: null }]);
    const { rows: enabled } = await db.raw(
      `SELECT sync_enabled FROM servicetitan_sync_state WHERE workspace_id = '${connectionId}'`,
    );
    expect(enabled).toEqual([{ sync_enabled: true }]);
  });

  test.each([`sync_status = 'idle'`, 'last_modified_cursor = NOW()'])(
    'the state is not set by hand: %s is refused with the command to use, and nothing changes',
    async (set) => {
      const { db } = workspace.engine;
      const state = () => db('servicetitan_sync_state').where({ workspace_id: connectionId }).first();
      const before = await state();
      const update = `UPDATE servicetitan_sync_state SET ${set}, updated_at = NOW() WHERE workspace_id = '${connectionId}'`;
      await expect(db.raw(update)).rejects.toMatchObject({
        message: expect.stringContaining('nothing was changed'),
        hint: expect.stringContaining(`tidemark cursor reset ${connectionId} customers`),
      });
      expect(await state()).toEqual(before);
    },
  );
});

describe('a small tenant', () => {
  let workspace: Workspace;
  const row = async (one: string) => (await workspace.engine.rows('service_titan_customers')).get(one);

  beforeAll(async () => {
    workspace = await startWorkspace({ customers: 300 });
    await workspace.engine.delta('customers');
  });

  test('a phone number that is changed alone arrives with the next delta', async () => {
    const { control, engine } = workspace;
    const customer = reachable(workspace).find((one) =>
      control.contactsOf(tenant, one).some(({ type }) => type === 'Phone'),
    );
    const [contact] = control.contactsOf(tenant, String(customer)).filter(({ type }) => type === 'Phone');
    control.changeContact(tenant, String(contact?.id), { value: '(200) 555-0123' });
    const { counts } = await engine.delta('customers');
    expect([counts.inserted, counts.updated]).toEqual([0, 1]);
    expect((await row(String(customer)))?.phone).toBe('(200) 555-0123');
  });

  test('the first contact of a customer without any puts it into contacts', async () => {
    const { control, engine } = workspace;
    await makeView(workspace);
    const [lone = ''] = [...control.customers(tenant)]
      .map((one) => String(one.id))
      .filter((one) => control.contactsOf(tenant, one).length === 0);
    const shown = async () => (await engine.db('contacts').where({ crm_id: lone })).map(({ email }) => email);
    expect(await shown()).toEqual([]);
    control.addContact(tenant, lone, { type: 'Email', value: 'first@example.com' });
    await engine.delta('customers');
    expect(await shown()).toEqual(['first@example.com']);
  });

  test('a customer that is merged into another is seen by the next delta, although usual lists hide it', async () => {
    workspace.control.merge(tenant, id(3), id(4));
    await workspace.engine.delta('customers');
    expect(await row(id(4))).toMatchObject({ active: false, merged_to_id: id(3) });
  });

  test('a contact that is removed is missing from every list: a reconciliation finds it', async () => {
    const { control, engine } = workspace;
    // one that no test before has changed: a delta reads those again
    const customer = reachable(workspace).findLast((one) => control.contactsOf(tenant, one).length === 1) ?? '';
    const [only] = control.contactsOf(tenant, customer);
    control.removeContact(tenant, String(only?.id));
    await engine.delta('customers');
    expect([(await row(customer))?.phone, (await row(customer))?.email]).toContain(only?.value);
    expect((await engine.reconcile('customers')).outcome).toBe('succeeded');
    expect(await row(customer)).toMatchObject({ phone: null, email: null });
  });

  test('times that were never set are null, and a company has no first name', async () => {
    const rows = [...(await workspace.engine.rows('service_titan_customers')).values()];
    expect(rows.filter(({ created_on: at }) => at === null).length).toBeGreaterThan(0);
    const companies = rows.filter(({ company }) => company !== null);
    expect(companies.length).toBeGreaterThan(30);
    expect(companies.every(({ firstname, lastname }) => firstname === null && lastname === null)).toBe(true);
  });

  test('a token that is revoked between two pages costs one new token', async () => {
    const { control, engine } = workspace;
    control.clearLog();
    control.latencyMs = 30;
    const running = engine.delta('customers', true);
    await until(async () => (paths(workspace)['/customers/contacts'] ?? 0) > 2);
    control.revokeTokens(tenant);
    const { outcome } = await running;
    control.latencyMs = 0;
    expect(outcome).toBe('succeeded');
    expect(control.logSummary().byPath['/connect/token']).toBe(1);
    expect(control.logSummary().byStatus['401']).toBeGreaterThan(0);
  });
});

test('what the export withholds although recent changes were asked for arrives with the next delta', async () => {
  const workspace = await startWorkspace({ customers: 100 });
  const { control, engine } = workspace;
  control.withheldMs = 120_000;
  control.changeCustomer(tenant, id(5), { name: 'Withheld, Wanda' });
  const added = control.createCustomer(tenant, { active: true, name: 'Withheld, Walter', type: 'Residential' });
  await engine.delta('customers');
  const names = async () =>
    [...(await engine.rows('service_titan_customers')).values()].map(({ lastname }) => lastname);
  expect(await names()).not.toContain('Withheld');
  await engine.delta('customers');
  const rows = await engine.rows('service_titan_customers');
  expect([rows.get(id(5))?.firstname, rows.get(added)?.firstname]).toEqual(['Wanda', 'Walter']);
});

/** The same connector with these listings. */
function withListings(listings: object) {
  const connector = quick(serviceTitan);
  const entity = connector.entities.get('customers');
  if (entity === undefined) throw new Error('there is no entity customers');
  const swapped = { ...entity, listings: { ...entity.listings, ...listings } };
  return { ...connector, entities: new Map([...connector.entities, ['customers', swapped]]) } as typeof connector;
}

test('an increment that reads the export instead of the list is caught: the export ignores the filter', async () => {
  const { changes, all } = customers.listings;
  if (changes === undefined) throw new Error('customers has no listing of changes');
  const connector = withListings({ changes: { ...all, since: changes.since } });
  const { engine } = await startWorkspace({ customers: 3000, connector });
  expect((await engine.delta('customers')).outcome).toBe('succeeded');
  const cursor = `select at from tidemark.cursors where listing = 'changes'`;
  const { rows: before } = await engine.db.raw(cursor);
  await expect(engine.delta('customers')).rejects.toThrow();
  const { rows } = await engine.db.raw(`select error_type, error from tidemark.runs order by id desc limit 1`);
  expect([rows[0].error_type, rows[0].error]).toEqual(['ContractBroken', expect.stringMatching(/filter/i)]);
  expect((await engine.db.raw(cursor)).rows).toEqual(before);
});

test.each(['title', 'header'] as const)(
  'a used-up limit that is reported in the %s is obeyed until it is over',
  async (form) => {
    const { retryAfter } = serviceTitan.rateLimit ?? {};
    const rateLimit = { requests: 1_000, per: '1s', concurrency: 4, ...(retryAfter && { retryAfter }) };
    const workspace = await startWorkspace({
      customers: 800,
      connector: { ...quick(serviceTitan), rateLimit },
      rateLimit: { requests: 12, perSeconds: 2, form },
    });
    expect((await workspace.engine.delta('customers')).outcome).toBe('succeeded');
    const { byStatus } = workspace.control.logSummary();
    expect(byStatus['429']).toBeGreaterThan(0);
    // of each refusal, the three other requests that were under way may be refused too, but none is sent before the wait is over
    expect(byStatus['429']).toBeLessThanOrEqual(4 * Math.ceil((byStatus['200'] ?? 0) / 12));
    const [{ blocked_because: because }] = await workspace.engine
      .db('tidemark.budgets')
      .where({ account: connectionId });
    expect(because).toMatch(form === 'title' ? /\d s in 'title' of its body/ : /Retry-After: \d/);
  },
);

test('two workspaces have tenants, tokens and rows of their own, although the ids of their customers are the same', async () => {
  const workspace = await startWorkspace({ customers: 40, others: { '700000001': 60 } });
  const { control, engine } = workspace;
  await workspace.connect('second', '700000001');
  for (const connection of ['demo', 'second'])
    expect((await workspace.delta(connection, 'customers')).outcome).toBe('succeeded');
  const counted = await engine
    .db('service_titan_customers')
    .select('workspace_id')
    .count('*')
    .groupBy('workspace_id')
    .orderBy('workspace_id');
  expect(counted).toEqual([
    { workspace_id: 'demo', count: 40 },
    { workspace_id: 'second', count: 60 },
  ]);
  control.note('700000001', id(7));
  const [first, second] = [await workspace.delta('demo', 'customers'), await workspace.delta('second', 'customers')];
  expect([first.counts.updated, second.counts.updated]).toEqual([0, 1]);
  control.setClientSecret('700000001', 'another');
  control.revokeTokens();
  expect((await workspace.delta('demo', 'customers')).outcome).toBe('succeeded');
  await expect(workspace.delta('second', 'customers')).rejects.toThrow();
  const { rows: state } = await engine.db.raw(
    `select connection_id, sync_status, sync_enabled from tidemark.sync_state order by 1`,
  );
  expect(state).toEqual([
    { connection_id: 'demo', sync_status: 'idle', sync_enabled: true },
    { connection_id: 'second', sync_status: 'failed', sync_enabled: false },
  ]);
});
