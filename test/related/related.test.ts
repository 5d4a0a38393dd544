import { workflowNames } from '../../schema/workflows';
import { connectionId } from '../support/engine';
import {
  askOwed,
  contactsOfCustomers,
  engineOf,
  owedIn,
  phone,
  phonesIn,
  skipsWithout,
  startCustomers,
} from './customerSource';

const contactsPath = '/customers/contacts';

test('the first sync asks for the contacts of several customers at once, reads every page, and makes rows with them', async () => {
  const world = await startCustomers(7);
  world.contacts.set(100, { id: 100, customerId: 'c0', value: 'second' });
  world.contacts.set(101, { id: 101, customerId: 'c0', value: 'removed', active: false });
  const engine = await engineOf(world);
  const { counts } = await engine.delta('customers');
  expect(counts).toMatchObject({ inserted: 7, errors: 0, skipped: 0 });
  expect(await phonesIn(engine)).toEqual(Object.fromEntries(Array.from({ length: 7 }, (_, n) => [`c${n}`, phone(n)])));
  const requests = world.asked(contactsPath);
  expect(new Set(requests.map((url) => url.searchParams.get('customerIds')))).toEqual(
    new Set(['c0,c1,c2', 'c3,c4,c5', 'c6']),
  );
  // three contacts and one that is removed, in pages of two
  expect(requests.filter((url) => url.searchParams.get('customerIds') === 'c0,c1,c2').length).toBe(3);
  const { rows } = await engine.db.raw(
    `select raw_related, _related_sent_at from acme_customers where external_id = 'c0'`,
  );
  expect(rows[0].raw_related.contacts.map(({ value }: { value: string }) => value)).toEqual([phone(0), 'second']);
  expect(rows[0]._related_sent_at).not.toBeNull();
});

test('one changed customer costs one request for its contacts', async () => {
  const world = await startCustomers(7);
  const engine = await engineOf(world);
  await engine.delta('customers');
  world.asked('');
  world.change('c3', 'Renamed');
  world.contacts.set(3, { id: 3, customerId: 'c3', value: 'new number' });
  const { counts } = await engine.delta('customers');
  expect(counts).toMatchObject({ updated: 1, inserted: 0 });
  expect(world.asked(contactsPath).map((url) => url.searchParams.get('customerIds'))).toEqual(['c3']);
  expect((await engine.rows('acme_customers')).get('c3')).toMatchObject({ name: 'Renamed', phone: 'new number' });
});

describe('no flow blanks what the related records made', () => {
  test('mapping all rows again keeps every phone number', async () => {
    const world = await startCustomers(5);
    const engine = await engineOf(world);
    await engine.delta('customers');
    const before = await phonesIn(engine);
    const remap = await engine.start<{ counts: unknown }>(workflowNames.remap, {
      ...{ connectionId, entity: 'customers', trigger: 'cli' },
    });
    expect((await remap.result()).counts).toMatchObject({ unchanged: 5, updated: 0, errors: 0 });
    expect(await phonesIn(engine)).toEqual(before);
  });

  test('a record fetched by id, what a reconciliation finds, and a verification come with their contacts', async () => {
    const world = await startCustomers(5);
    const engine = await engineOf(world);
    await engine.delta('customers');
    world.change('c1', 'Fetched');
    expect(await engine.record('customers', 'c1')).toMatchObject({ outcome: 'updated' });
    world.change('c2', 'Reconciled');
    world.contacts.set(2, { id: 2, customerId: 'c2', value: 'with it' });
    expect(await engine.reconcile('customers')).toMatchObject({ outcome: 'succeeded', stale: 1 });
    const { rows } = await engine.db.raw(`select proof_unjudged from tidemark.entities where entity = 'customers'`);
    expect(rows[0].proof_unjudged).toEqual({ related: 1 });
    expect(await phonesIn(engine)).toEqual({ c0: phone(0), c1: phone(1), c2: 'with it', c3: phone(3), c4: phone(4) });
    const verify = await engine.start(workflowNames.verify, { connectionId, entity: 'customers', sample: null });
    expect(await verify.result()).toMatchObject({ compared: 5, differing: 0, unclear: 0 });
  });

  test('an entity without `changes` reads all with the contacts in every delta', async () => {
    const whole = { path: '/customers', paging: { scheme: 'none' }, records: 'data' } as const;
    const world = await startCustomers(4, { listings: { all: whole, one: { path: '/customers/{id}' } } });
    const engine = await engineOf(world);
    await engine.delta('customers');
    world.contacts.set(1, { id: 1, customerId: 'c1', value: 'changed alone' });
    expect((await engine.delta('customers')).counts).toMatchObject({ updated: 1, unchanged: 3 });
    expect(await phonesIn(engine)).toMatchObject({ c0: phone(0), c1: 'changed alone' });
  });
});

describe('related records that cannot be read in full', () => {
  const broken = (ids: RegExp) => (url: URL) =>
    url.pathname === contactsPath && ids.test(url.searchParams.get('customerIds') ?? '') ? { status: 404 } : undefined;

  test('a known customer is updated with the contacts that its row has, and is owed; the next sweep asks again', async () => {
    const world = await startCustomers(5);
    const engine = await engineOf(world);
    await engine.delta('customers');
    world.contacts.set(1, { id: 1, customerId: 'c1', value: 'later' });
    for (const id of ['c0', 'c1', 'c2']) world.change(id, `New ${id}`);
    world.instead = broken(/c1/);
    const { counts, outcome } = await engine.delta('customers');
    expect([outcome, counts.updated]).toEqual(['succeeded', 3]);
    expect((await engine.rows('acme_customers')).get('c1')).toMatchObject({ name: 'New c1', phone: phone(1) });
    expect(await owedIn(engine)).toEqual(['c1']);
    world.instead = () => undefined;
    world.asked('');
    await askOwed(engine);
    expect(await phonesIn(engine)).toMatchObject({ c1: 'later' });
    expect(await owedIn(engine)).toEqual([]);
    // the customer itself is not requested again
    expect(world.asked('/customers/c1')).toEqual([]);
  });

  test('a new customer is neither written nor skipped but owed, and arrives when its contacts can be read', async () => {
    const world = await startCustomers(3, skipsWithout);
    const engine = await engineOf(world);
    await engine.delta('customers');
    world.change('c9', 'New');
    world.contacts.set(9, { id: 9, customerId: 'c9', value: 'nine' });
    world.instead = broken(/c9/);
    expect((await engine.delta('customers')).counts).toMatchObject({ inserted: 0, skipped: 0, errors: 0 });
    expect(await owedIn(engine)).toEqual(['c9']);
    world.instead = () => undefined;
    await askOwed(engine);
    expect(await phonesIn(engine)).toMatchObject({ c9: 'nine' });
    expect(await owedIn(engine)).toEqual([]);
  });

  test('what breaks every request fails the run instead of owing everything', async () => {
    const world = await startCustomers(6);
    const engine = await engineOf(world);
    world.instead = broken(/c/);
    await expect(engine.delta('customers')).rejects.toThrow();
    expect(await owedIn(engine)).toEqual([]);
    expect(await phonesIn(engine)).toEqual({});
  });

  test('a list whose filter does not filter is refused', async () => {
    const world = await startCustomers(6);
    const engine = await engineOf(world);
    world.instead = (url) =>
      url.pathname === contactsPath
        ? { status: 200, body: { data: [...world.contacts.values()], hasMore: false } }
        : undefined;
    await expect(engine.delta('customers')).rejects.toThrow();
    expect(await phonesIn(engine)).toEqual({});
  });
});

test('after the interval of the definition the contacts of all rows are read again', async () => {
  const world = await startCustomers(4);
  const engine = await engineOf(world);
  await engine.delta('customers');
  world.contacts.delete(2);
  await engine.start('sweep', {}).then((sweep) => sweep.result());
  expect(await owedIn(engine)).toEqual([]);
  await engine.db.raw(`update tidemark.entities set related_read_at = related_read_at - interval '8 days'`);
  await engine.start('sweep', {}).then((sweep) => sweep.result());
  const batch = engine.temporal.client.workflow.getHandle(`tidemark/owed/${connectionId}/customers`);
  await batch.result();
  expect(await phonesIn(engine)).toEqual({ c0: phone(0), c1: phone(1), c2: null, c3: phone(3) });
  expect(await owedIn(engine)).toEqual([]);
});

test('mistakes in the definition are reported with their path', async () => {
  const { listing, ...rest } = contactsOfCustomers;
  const without = { ...rest, listing: { ...listing, query: {} } };
  await expect(startCustomers(1, { related: { contacts: without } })).rejects.toThrow(
    'customers.related.contacts.listing.path: must contain {ids}',
  );
  await expect(startCustomers(1, { raw: false })).rejects.toThrow('customers.raw: required with related');
  const { readAgain: _, ...never } = contactsOfCustomers;
  await expect(startCustomers(1, { related: { contacts: never as never } })).rejects.toThrow(
    'customers.related.contacts.readAgain',
  );
});
