import type { Engine } from '../support/engine';
import {
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

const listPath = '/customers/contacts';
const { readAgain: _, ...contacts } = contactsOfCustomers;
const compared = { related: { contacts: { ...contacts, ids: contactIds, version: 'modified_at' } } };

async function synced(world: Customers): Promise<Engine> {
  const engine = await engineOf(world);
  expect((await engine.delta('customers')).outcome).toBe('succeeded');
  // as if the rows had not just been received: within the read lag, an answer that differs would be disputed and asked for again
  await engine.db.raw(
    `update acme_customers set _sent_at = _sent_at - m, _received_at = _received_at - m, _related_sent_at = _related_sent_at - m,
      _related_received_at = _related_received_at - m from (select interval '1 minute' as m) as minute`,
  );
  world.asked('');
  return engine;
}

const idsOf = (requests: URL[]) => [...new Set(requests.map((url) => url.searchParams.get('customerIds')))];

async function unjudged({ db }: Engine): Promise<unknown> {
  const { rows } = await db.raw(`select proof_unjudged from tidemark.entities where entity = 'customers'`);
  return rows[0].proof_unjudged;
}

test('a reconciliation finds a contact that was removed, one that was added and one that was changed alone, and reads no others', async () => {
  const world = await startCustomers(9, compared);
  const engine = await synced(world);
  world.removeContact(1);
  world.putContact({ id: 70, customerId: 'c4', value: 'added' });
  world.putContact({ id: 7, customerId: 'c7', value: 'changed alone' });
  expect(await engine.reconcile('customers')).toMatchObject({
    ...{ outcome: 'succeeded', missing: 0, stale: 0, deleted: 0 },
    counts: { updated: 2, errors: 0 },
  });
  expect(idsOf(world.asked(listPath))).toEqual(['c1,c4,c7']);
  expect(await phonesIn(engine)).toMatchObject({ c0: phone(0), c1: null, c4: phone(4), c7: 'changed alone' });
  const { rows } = await engine.db.raw(`select raw_related from acme_customers where external_id = 'c4'`);
  expect(rows[0].raw_related.contacts).toHaveLength(2);
  expect(await owedIn(engine)).toEqual([]);
  expect(await unjudged(engine)).toEqual({});
  await engine.reconcile('customers');
  expect(world.asked(listPath)).toEqual([]);
});

test('a contact that moved is taken from one customer and given to the other', async () => {
  const world = await startCustomers(4, compared);
  const engine = await synced(world);
  world.contacts.set(0, { id: 0, customerId: 'c3', value: phone(0) });
  await engine.reconcile('customers');
  expect(await phonesIn(engine)).toEqual({ c0: null, c1: phone(1), c2: phone(2), c3: phone(0) });
});

test('a customer that was left out for lack of contacts comes once it has one, although no list of changes shows it', async () => {
  const world = await startCustomers(4, { ...skipsWithout, ...compared });
  world.contacts.delete(2);
  const engine = await synced(world);
  world.putContact({ id: 20, customerId: 'c2', value: 'the first' });
  expect((await engine.reconcile('customers')).counts).toMatchObject({ inserted: 1 });
  expect(await phonesIn(engine)).toMatchObject({ c2: 'the first' });
});

test('contacts that cannot be read leave their customer owed, and the proof says so', async () => {
  const world = await startCustomers(4, compared);
  const engine = await synced(world);
  world.putContact({ id: 1, customerId: 'c1', value: 'unread' });
  world.putContact({ id: 2, customerId: 'c2', value: 'read' });
  world.instead = (url) =>
    url.pathname === listPath && /c1/.test(url.searchParams.get('customerIds') ?? '') ? { status: 404 } : undefined;
  await engine.reconcile('customers');
  expect(await phonesIn(engine)).toMatchObject({ c1: phone(1), c2: 'read' });
  expect(await owedIn(engine)).toEqual(['c1']);
  expect(await unjudged(engine)).toEqual({ owed: 1 });
});

test('a list of ids that names no customers fails the run, and nothing is owed', async () => {
  const world = await startCustomers(3, compared);
  const engine = await synced(world);
  world.instead = (url) =>
    url.pathname === contactIds.path ? { status: 200, body: { data: [{ id: 1 }, { id: 2 }] } } : undefined;
  await expect(engine.reconcile('customers')).rejects.toThrow();
  expect(await owedIn(engine)).toEqual([]);
});

test('a dry run compares records only', async () => {
  const world = await startCustomers(3, compared);
  const engine = await synced(world);
  world.removeContact(1);
  await engine.reconcile('customers', true);
  expect(world.asked(contactIds.path)).toEqual([]);
  expect(await phonesIn(engine)).toMatchObject({ c1: phone(1) });
});

test('an interval is needed unless something else finds what changed or was removed alone', async () => {
  const at = 'customers.related.contacts';
  const mistaken = (related: object, words: string) =>
    expect(startCustomers(1, { related: { contacts: related as never } })).rejects.toThrow(`${at}${words}`);
  await mistaken(contacts, '.readAgain: required');
  await mistaken({ ...contacts, ids: contactIds }, '.readAgain: required');
  await mistaken({ ...contacts, changes: changedContacts }, '.readAgain: required');
  await mistaken({ ...contacts, ids: contactIds, version: 'modified_at', key: () => 1 }, '.key: must be a path');
  await mistaken({ ...compared.related.contacts, ids: { ...contactIds, body: {} } }, '.ids.body: a body is sent');
  for (const enough of [
    { changes: { ...changedContacts, listsRemoved: true } },
    { changes: changedContacts, ids: contactIds },
    { ids: contactIds, version: 'modified_at' },
  ])
    await startCustomers(1, { related: { contacts: { ...contacts, ...enough } } });
});
