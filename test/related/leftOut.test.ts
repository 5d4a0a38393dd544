import { decidePlan } from '../../destination/plans/decidePlan';
import { waitingPlans } from '../../destination/readModels/statusFacts';
import { workflowNames } from '../../schema/workflows';
import { connectionId, type Engine } from '../support/engine';
import {
  askOwed,
  type Customers,
  changedContacts,
  contactIds,
  contactsOfCustomers,
  engineOf,
  owedIn,
  phone,
  phonesIn,
  skipsWithout,
  startCustomers,
} from './customerSource';

const fed = { ...skipsWithout, related: { contacts: { ...contactsOfCustomers, changes: changedContacts } } };
const { readAgain: _, ...contacts } = contactsOfCustomers;
const compared = { ...skipsWithout, related: { contacts: { ...contacts, ids: contactIds, version: 'modified_at' } } };
const by = { actor: 'test', reason: 'test' };

async function synced(world: Customers): Promise<Engine> {
  const engine = await engineOf(world);
  expect((await engine.delta('customers')).outcome).toBe('succeeded');
  return engine;
}

const phones = (count: number, ...without: number[]) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, n) => n)
      .filter((n) => !without.includes(n))
      .map((n) => [`c${n}`, phone(n)]),
  );

async function rowOf({ db }: Engine, id: string) {
  return db('acme_customers').where({ external_id: id }).first();
}

async function asideIn({ db }: Engine): Promise<string[]> {
  const { rows } = await db.raw(
    `select external_id as id from tidemark.set_aside where cleared_at is null and reason = 'skipped' order by 1`,
  );
  return rows.map(({ id }: { id: string }) => id);
}

/** The interval after which all related records are read again has passed. */
async function readAgain(engine: Engine): Promise<void> {
  await engine.db.raw(`update tidemark.entities set related_read_at = related_read_at - interval '8 days'`);
  await engine.start('sweep', {}).then((sweep) => sweep.result());
  await engine.temporal.client.workflow.getHandle(`tidemark/owed/${connectionId}/customers`).result();
}

/** What brings a change of the contacts alone. */
const flows: Record<
  string,
  { changes: Parameters<typeof startCustomers>[1]; run: (engine: Engine) => Promise<unknown> }
> = {
  'the changes of contacts, in a delta': { changes: fed, run: (engine) => engine.delta('customers') },
  'a full sync': { changes: skipsWithout, run: (engine) => engine.delta('customers', true) },
  'a customer fetched by id': { changes: skipsWithout, run: (engine) => engine.record('customers', 'c2') },
  'a reconciliation that compares contacts': { changes: compared, run: (engine) => engine.reconcile('customers') },
  'the interval after which all are read again': { changes: skipsWithout, run: readAgain },
};

describe('a customer whose last contact is removed is left out, and soft-deleted for that; with a contact again it is live', () => {
  test.each(Object.keys(flows))('%s', async (name) => {
    const flow = flows[name];
    const world = await startCustomers(6, flow?.changes ?? {});
    const engine = await synced(world);
    world.removeContact(2);
    await flow?.run(engine);
    expect(await phonesIn(engine)).toEqual(phones(6, 2));
    expect(await rowOf(engine, 'c2')).toMatchObject({
      _left_out: 'skipped',
      phone: phone(2),
      raw_related: { contacts: [] },
    });
    expect(await asideIn(engine)).toEqual(['c2']);
    expect(await waitingPlans(engine.db)).toEqual([]);

    world.putContact({ id: 2, customerId: 'c2', value: 'new number' });
    if (name === 'a customer fetched by id') await engine.record('customers', 'c2');
    else await flow?.run(engine);
    expect(await phonesIn(engine)).toEqual({ ...phones(6, 2), c2: 'new number' });
    expect(await rowOf(engine, 'c2')).toMatchObject({ _left_out: null });
    expect(await asideIn(engine)).toEqual([]);
  });
});

describe('a customer that never had a contact has no row; its first contact gives it one', () => {
  test.each(Object.keys(flows))('%s', async (name) => {
    const flow = flows[name];
    const world = await startCustomers(6, flow?.changes ?? {});
    world.contacts.delete(2);
    const engine = await synced(world);
    expect(await phonesIn(engine)).toEqual(phones(6, 2));
    expect(await asideIn(engine)).toEqual(['c2']);
    world.putContact({ id: 2, customerId: 'c2', value: 'first number' });
    await flow?.run(engine);
    expect(await phonesIn(engine)).toEqual({ ...phones(6, 2), c2: 'first number' });
    expect(await asideIn(engine)).toEqual([]);
  });
});

test('a customer that still has no contact is not owed for ever once it was read again', async () => {
  const world = await startCustomers(6, skipsWithout);
  world.contacts.delete(2);
  const engine = await synced(world);
  world.asked('/customers/c2');
  await readAgain(engine);
  expect(world.asked('/customers/c2')).toHaveLength(1);
  expect(await owedIn(engine)).toEqual([]);
  expect(await asideIn(engine)).toEqual(['c2']);
});

test('mapping all rows again leaves out the same customers', async () => {
  const world = await startCustomers(6, fed);
  const engine = await synced(world);
  world.removeContact(2);
  await engine.delta('customers');
  const remap = await engine.start(workflowNames.remap, { connectionId, entity: 'customers', trigger: 'cli' });
  expect(await remap.result()).toMatchObject({ counts: { skipped: 1, unchanged: 5, deleted: 0 } });
  expect(await phonesIn(engine)).toEqual(phones(6, 2));
});

test('all customers lose all contacts: an operator decides about the contacts, and then about the rows', async () => {
  const world = await startCustomers(12, skipsWithout);
  const engine = await synced(world);
  for (let n = 0; n < 12; n++) world.removeContact(n);
  await engine.delta('customers', true);
  const [contacts] = await waitingPlans(engine.db);
  expect(contacts).toMatchObject({ about: 'related', stale: 12 });
  const apply = async (planId = '') => {
    await decidePlan(engine.db, planId, 'approved', by);
    return (await engine.start('applyPlan', { connectionId, entity: 'customers', planId })).result();
  };
  await apply(contacts?.id);
  expect(await phonesIn(engine)).toEqual(phones(12));
  const [rows] = await waitingPlans(engine.db);
  expect(rows).toMatchObject({ about: 'skipped', gone: 12 });
  expect(await apply(rows?.id)).toMatchObject({ outcome: 'succeeded', deleted: 12 });
  expect(await phonesIn(engine)).toEqual({});
});

test('related records read later than the skip bring the row back, also where only what is owed is read', async () => {
  const world = await startCustomers(6, skipsWithout);
  const engine = await synced(world);
  world.removeContact(2);
  await engine.record('customers', 'c2');
  expect(await phonesIn(engine)).toEqual(phones(6, 2));
  world.putContact({ id: 2, customerId: 'c2', value: 'later' });
  await engine.db.raw(
    `insert into tidemark.owed (connection_id, entity, external_id, reason) values (?, 'customers', 'c2', 'again')`,
    [connectionId],
  );
  await askOwed(engine);
  expect(await phonesIn(engine)).toEqual({ ...phones(6, 2), c2: 'later' });
  expect(await asideIn(engine)).toEqual([]);
});
