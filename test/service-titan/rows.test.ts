import { firstCustomerId } from '../../connectors/service-titan/simulator';
import { startApi, startWorkspace, tenant, type Workspace } from './workspace';

/** What the rows of a table show: when they were written, walks through the whole list, duplicates. */

jest.setTimeout(120_000);
const idOf = (n: number) => String(firstCustomerId + n);
let workspace: Workspace;
let ask: Awaited<ReturnType<typeof startApi>>;

beforeAll(async () => {
  workspace = await startWorkspace({ customers: 400 });
  ask = await startApi(workspace);
  await workspace.engine.delta('customers');
});

const rowsOf = async (what: string, more: Record<string, string> = {}) => {
  const query = new URLSearchParams({ connection: 'demo', entity: 'customers', ...more });
  const { status, body } = await ask(`GET /api/rows/${what}?${query}`);
  expect(status).toBe(200);
  return body;
};

test('a first sync is no walk; a delta that rewrites neighbours is one, and a few scattered changes are not', async () => {
  const first = await rowsOf('walks');
  expect(first.suspicious).toBe(0);
  expect(first.walks).toMatchObject([{ run: { strategy: 'delta', readsMore: true }, suspicious: false }]);
  for (let n = 0; n < 40; n += 2) workspace.control.note(tenant, idOf(n));
  await workspace.engine.delta('customers');
  const scattered = await rowsOf('walks');
  expect(scattered.suspicious).toBe(0);
  for (let n = 100; n < 200; n++) workspace.control.note(tenant, idOf(n));
  const { runId } = await workspace.engine.delta('customers');
  const { suspicious, walks } = await rowsOf('walks', { since: new Date(Date.now() - 3_600_000).toISOString() });
  expect(suspicious).toBe(1);
  expect((walks as { suspicious: boolean }[]).filter((one) => one.suspicious)).toMatchObject([
    {
      run: { id: runId, readsMore: false },
      rows: 100,
      neighbours: 100,
      created: 0,
      firstId: idOf(100),
      lastId: idOf(199),
    },
  ]);
});

test('rows are counted in the hour in which they were first written, last changed and deleted', async () => {
  const { db } = workspace.engine;
  await db.raw(
    `update service_titan_customers set first_written_at = now() - interval '3 hours', synced_at = now() - interval '3 hours'`,
  );
  await db.raw(`update service_titan_customers set synced_at = now() - interval '1 hour' where external_id = any(?)`, [
    [idOf(1), idOf(2)],
  ]);
  await db.raw('update service_titan_customers set deleted_at = now() where external_id = ?', [idOf(3)]);
  const { hours } = await rowsOf('hours', { hours: '5' });
  const counts = (hours as { created: number; changed: number; deleted: number }[]).map((one) => [
    one.created,
    one.changed,
    one.deleted,
  ]);
  expect(counts).toEqual([
    [0, 0, 1],
    [0, 2, 0],
    [0, 0, 0],
    [400, 398, 0],
    [0, 0, 0],
  ]);
});

test('duplicates by phone and e-mail are found, also against a row that the engine did not write', async () => {
  const { db } = workspace.engine;
  const rows = [...(await workspace.engine.rows('service_titan_customers'))];
  const [customerId, customer] = rows.find(([, { phone, email }]) => phone !== null && email !== null) ?? [];
  const before = await rowsOf('duplicates');
  expect(before.columns).toEqual(['phone', 'email']);
  const digits = String(customer?.phone).replace(/\D/g, '');
  const email = String(customer?.email).toUpperCase();
  await db('service_titan_customers').insert({
    ...{ connection_id: 'demo', external_id: 'by-hand', phone: ` ${digits} `, email, firstname: 'Typed' },
  });
  const after = await rowsOf('duplicates', { limit: '1000' });
  expect(after.compared).toBe(Number(before.compared) + 1);
  const groups = after.duplicates as { column: string; value: string; rows: { id: string; origin: string | null }[] }[];
  for (const [column, value] of [
    ['phone', digits],
    ['email', email.toLowerCase()],
  ]) {
    const found = groups.find((one) => one.column === column && one.value === value);
    expect(found?.rows[0]).toEqual({ id: 'by-hand', origin: null });
    expect(found?.rows).toContainEqual({ id: customerId, origin: 'source' });
  }
});

test('what a row of the engine shares with one that it did not write comes before what its own rows share', async () => {
  const { db } = workspace.engine;
  await db.raw(`create table public.mixed (id text, email text, _origin text)`);
  await db.raw(
    `insert into public.mixed select 'e' || n, 'family' || n / 5 || '@example.com', 'source' from generate_series(0, 99) n`,
  );
  await db.raw(`insert into public.mixed values ('e100', 'z@example.com', 'source'), ('typed', 'Z@example.com', null)`);
  const { values, duplicates } = await rowsOf('duplicates', {
    ...{ columns: 'email', table: 'public.mixed', id: 'id', limit: '1' },
  });
  expect(values).toBe(21);
  expect(duplicates).toEqual([
    {
      ...{ column: 'email', value: 'z@example.com' },
      rows: [
        { id: 'typed', origin: null },
        { id: 'e100', origin: 'source' },
      ],
    },
  ]);
});

test('duplicates in another table are found by its own columns', async () => {
  const { db } = workspace.engine;
  await db.raw(`create table public.people (crm_id text, email text)`);
  await db.raw(
    `insert into public.people values ('1', 'A@example.com'), (null, 'a@example.com '), ('2', 'b@example.com'), ('3', '')`,
  );
  const found = await rowsOf('duplicates', { columns: 'email', table: 'public.people', id: 'crm_id' });
  expect(found).toMatchObject({ compared: 3, values: 1 });
  expect(found.duplicates).toEqual([
    {
      ...{ column: 'email', value: 'a@example.com' },
      rows: [
        { id: '1', origin: null },
        { id: null, origin: null },
      ],
    },
  ]);
});

test.each([
  [{ columns: 'nothing' }, /no column nothing/],
  [{ columns: 'name', table: 'public.nowhere' }, /There is no table or view public.nowhere/],
])('what does not exist is named: %j', async (more, problem) => {
  const query = new URLSearchParams({ connection: 'demo', entity: 'customers', ...more });
  const { status, body } = await ask(`GET /api/rows/duplicates?${query}`);
  expect([status, body.detail]).toEqual([409, expect.stringMatching(problem)]);
});

test('a table from before has rows without the time of their first writing; new rows have it', async () => {
  const { db } = workspace.engine;
  await db.raw('alter table service_titan_customers drop column first_written_at');
  const [id] = [workspace.control.createCustomer(tenant, { active: true, name: 'New Person' })];
  await workspace.engine.delta('customers');
  const { rows } = await db.raw(
    'select external_id, first_written_at = synced_at as fresh from service_titan_customers where first_written_at is not null',
  );
  expect(rows).toEqual([{ external_id: id, fresh: true }]);
});
