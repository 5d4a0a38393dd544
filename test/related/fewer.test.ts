import { decidePlan } from '../../destination/plans/decidePlan';
import { waitingPlans } from '../../destination/readModels/statusFacts';
import { connectionId, type Engine } from '../support/engine';
import {
  type Contact,
  type Customers,
  changedContacts,
  contactsOfCustomers,
  engineOf,
  phone,
  phonesIn,
  startCustomers,
} from './customerSource';

const listPath = '/customers/contacts';
const fed = { related: { contacts: { ...contactsOfCustomers, changes: changedContacts } } };
const by = { actor: 'test', reason: 'test' };

async function synced(world: Customers): Promise<Engine> {
  const engine = await engineOf(world);
  expect((await engine.delta('customers')).outcome).toBe('succeeded');
  return engine;
}

/** The source answers each request for contacts with a well-formed empty list. */
function withdrawRights(world: Customers): void {
  world.instead = (url) =>
    url.pathname === listPath ? { status: 200, body: { data: [], hasMore: false } } : undefined;
}

const phones = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`c${n}`, phone(n)]));

async function withheldIn({ db }: Engine): Promise<string[]> {
  const { rows } = await db.raw('select external_id as id from tidemark.withheld_related order by 1');
  return rows.map(({ id }: { id: string }) => id);
}

describe('rights to the contacts are withdrawn: every response is a well-formed empty list', () => {
  test('a full sync keeps every number, and a plan waits that says so', async () => {
    const world = await startCustomers(6);
    const engine = await synced(world);
    world.change('c1', 'Renamed');
    withdrawRights(world);
    expect((await engine.delta('customers', true)).outcome).toBe('succeeded');
    expect(await phonesIn(engine)).toEqual(phones(6));
    // the records themselves are written as ever
    expect((await engine.rows('acme_customers')).get('c1')).toMatchObject({ name: 'Renamed' });
    const [plan, ...others] = await waitingPlans(engine.db);
    expect(others).toEqual([]);
    expect(plan).toMatchObject({
      about: 'related',
      ratio: 1,
      stale: 6,
      gone: 0,
      reason: expect.stringMatching(/6 of 6 .* have none now, .* rights .* withdrawn/),
    });
    expect(plan?.sample).toHaveLength(5);
  });

  test('a delta of one customer and a webhook for another keep their numbers', async () => {
    const world = await startCustomers(5, fed);
    const engine = await synced(world);
    withdrawRights(world);
    world.change('c2', 'Renamed');
    await engine.delta('customers');
    world.change('c3', 'Renamed too');
    await engine.record('customers', 'c3');
    expect(await phonesIn(engine)).toEqual(phones(5));
    expect((await engine.rows('acme_customers')).get('c3')).toMatchObject({ name: 'Renamed too' });
    expect(await withheldIn(engine)).toEqual(['c2', 'c3']);
  });

  test('approved, what the source shows then is written; of a customer that has contacts again, those', async () => {
    const world = await startCustomers(4);
    const engine = await synced(world);
    withdrawRights(world);
    await engine.delta('customers', true);
    const [plan] = await waitingPlans(engine.db);
    world.instead = () => undefined;
    for (const n of [0, 1, 2]) world.removeContact(n);
    await decidePlan(engine.db, plan?.id ?? '', 'approved', by);
    const applied = await engine.start<{ outcome: string }>('applyPlan', {
      ...{ connectionId, entity: 'customers', planId: plan?.id },
    });
    expect(await applied.result()).toMatchObject({ outcome: 'succeeded', reason: null, counts: { updated: 3 } });
    expect(await phonesIn(engine)).toEqual({ c0: null, c1: null, c2: null, c3: phone(3) });
    expect(await withheldIn(engine)).toEqual([]);
    expect(await waitingPlans(engine.db)).toEqual([]);
  });

  test('rejected, the rows keep what they hold, and the next reading counts', async () => {
    const world = await startCustomers(3);
    const engine = await synced(world);
    withdrawRights(world);
    await engine.delta('customers', true);
    const [plan] = await waitingPlans(engine.db);
    await decidePlan(engine.db, plan?.id ?? '', 'rejected', by);
    expect(await withheldIn(engine)).toEqual([]);
    world.instead = () => undefined;
    await engine.delta('customers', true);
    expect(await phonesIn(engine)).toEqual(phones(3));
    expect(await waitingPlans(engine.db)).toEqual([]);
  });

  test('once the source shows them again there is nothing left to decide', async () => {
    const world = await startCustomers(3);
    const engine = await synced(world);
    withdrawRights(world);
    await engine.delta('customers', true);
    world.instead = () => undefined;
    await engine.delta('customers', true);
    expect(await withheldIn(engine)).toEqual([]);
    expect(await waitingPlans(engine.db)).toEqual([]);
    expect(await phonesIn(engine)).toEqual(phones(3));
  });
});

test("a customer's only contact that is removed goes at once, since the source shows those of others", async () => {
  const world = await startCustomers(4, fed);
  const engine = await synced(world);
  world.removeContact(2);
  expect((await engine.delta('customers')).counts).toMatchObject({ updated: 1 });
  expect(await phonesIn(engine)).toMatchObject({ c1: phone(1), c2: null });
  expect(await waitingPlans(engine.db)).toEqual([]);
});

describe('many customers lose some of their contacts', () => {
  const { listing } = contactsOfCustomers;
  const quickly = { ...listing, max: 50, paging: { ...listing.paging, pageSize: 500 } };

  async function twoEach(count: number) {
    const world = await startCustomers(count, { related: { contacts: { ...contactsOfCustomers, listing: quickly } } });
    const second = (n: number): Contact => ({ id: 1000 + n, customerId: `c${n}`, value: 'second' });
    for (let n = 0; n < count; n++) world.contacts.set(1000 + n, second(n));
    return { world, engine: await synced(world) };
  }

  test('more than a tenth and more than a hundred wait; fewer are written', async () => {
    const { world, engine } = await twoEach(130);
    for (let n = 0; n < 20; n++) world.contacts.delete(n);
    await engine.delta('customers', true);
    expect(await phonesIn(engine)).toMatchObject({ c0: 'second', c19: 'second', c20: phone(20) });
    expect(await waitingPlans(engine.db)).toEqual([]);
    for (let n = 20; n < 121; n++) world.contacts.delete(n);
    await engine.delta('customers', true);
    const [plan] = await waitingPlans(engine.db);
    expect(plan).toMatchObject({ stale: 101, reason: expect.stringMatching(/101 of 130 .* 77\.7 %/) });
    expect(await phonesIn(engine)).toMatchObject({ c20: phone(20), c120: phone(120), c121: phone(121) });
  });
});
