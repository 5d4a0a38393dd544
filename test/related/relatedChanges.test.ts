import { setTimeout as sleep } from 'node:timers/promises';
import { readyContext } from '../../clients/operations/definition/context';
import { showCursor } from '../../clients/operations/work/cursor';
import { resetCursor } from '../../destination/runs/resetCursor';
import { connectionId, type Engine } from '../support/engine';
import {
  askOwed,
  type Customers,
  changedContacts,
  contactFeed,
  contactsOfCustomers,
  engineOf,
  owedIn,
  phone,
  phonesIn,
  skipsWithout,
  startCustomers,
} from './customerSource';

const listPath = '/customers/contacts';
const changesPath = '/contacts/changes';
const bySince = { related: { contacts: { ...contactsOfCustomers, changes: changedContacts } } };
const byToken = { related: { contacts: { ...contactsOfCustomers, changes: contactFeed } } };

/** The source's clock shows whole seconds: a cursor from the same second is the same. */
const nextSecond = () => sleep(1_005 - (Date.now() % 1_000));

/** Of the listing of changed contacts. */
async function cursorIn({ db }: Engine) {
  const { rows } = await db.raw(
    `select kind, at, token from tidemark.cursors where entity = 'customers' and listing = 'related:contacts'`,
  );
  return rows[0];
}

const idsOf = (requests: URL[]) => requests.map((url) => url.searchParams.get('customerIds'));

async function synced(world: Customers): Promise<Engine> {
  const engine = await engineOf(world);
  expect((await engine.delta('customers')).outcome).toBe('succeeded');
  world.asked('');
  return engine;
}

describe('changes since an instant', () => {
  test('a phone number that is changed alone arrives with the next delta, which is one activity', async () => {
    const world = await startCustomers(7, bySince);
    const engine = await synced(world);
    world.putContact({ id: 3, customerId: 'c3', value: 'changed alone' });
    const delta = await engine.start<{ counts: unknown }>('deltaSync', {
      ...{ connectionId, entity: 'customers', trigger: 'api' },
    });
    expect((await delta.result()).counts).toMatchObject({ updated: 1, inserted: 0, errors: 0 });
    const { events } = await delta.fetchHistory();
    expect(events?.filter((event) => event.activityTaskScheduledEventAttributes)).toHaveLength(1);
    expect(await phonesIn(engine)).toMatchObject({ c2: phone(2), c3: 'changed alone', c4: phone(4) });
    expect(await owedIn(engine)).toEqual([]);
    const contacts = world.source.requests.filter((address) => address.startsWith(listPath));
    expect(contacts.filter((address) => address.includes('customerIds=c3&')).length).toBe(1);
  });

  test('cursor show has the cursor of each kind of related records', async () => {
    const world = await startCustomers(2, bySince);
    const engine = await synced(world);
    const context = readyContext({ db: engine.db, connectors: [engine.connector], client: engine.temporal.client });
    const shown = await showCursor(context, { connection: connectionId, entity: 'customers' });
    expect(shown.related).toEqual([{ kind: 'contacts', at: (await cursorIn(engine)).at, token: null }]);
  });

  test('a customer that was left out for lack of contacts comes with its first one', async () => {
    const world = await startCustomers(4, { ...skipsWithout, ...bySince });
    world.contacts.delete(2);
    const engine = await synced(world);
    expect(Object.keys(await phonesIn(engine))).toEqual(['c0', 'c1', 'c3']);
    world.putContact({ id: 50, customerId: 'c2', value: 'the first' });
    expect((await engine.delta('customers')).counts).toMatchObject({ inserted: 1 });
    expect(await phonesIn(engine)).toMatchObject({ c2: 'the first' });
  });

  test('a customer that changed with its contacts is read once', async () => {
    const world = await startCustomers(4, bySince);
    const engine = await synced(world);
    world.change('c1', 'Renamed');
    world.putContact({ id: 1, customerId: 'c1', value: 'both' });
    expect((await engine.delta('customers')).counts).toMatchObject({ updated: 1 });
    expect(idsOf(world.asked(listPath))).toEqual(['c1']);
    expect((await engine.rows('acme_customers')).get('c1')).toMatchObject({ name: 'Renamed', phone: 'both' });
    expect(await owedIn(engine)).toEqual([]);
  });

  test('a removed contact that the list of changes shows takes its number away', async () => {
    const world = await startCustomers(3, bySince);
    const engine = await synced(world);
    world.removeContact(1);
    await engine.delta('customers');
    expect(await phonesIn(engine)).toEqual({ c0: phone(0), c1: null, c2: phone(2) });
  });

  test('more changed contacts than one activity takes are read by the ordinary pull, in the same run', async () => {
    const world = await startCustomers(120, bySince);
    const engine = await synced(world);
    for (let n = 0; n < 110; n++) world.putContact({ id: n, customerId: `c${n}`, value: `new ${n}` });
    expect((await engine.delta('customers')).counts).toMatchObject({ updated: 110 });
    expect(await phonesIn(engine)).toMatchObject({ c0: 'new 0', c109: 'new 109', c110: phone(110) });
    expect(await owedIn(engine)).toEqual([]);
  });

  test('what one page named is owed although the run fails at the next one, and the cursor stays', async () => {
    const world = await startCustomers(5, bySince);
    const engine = await synced(world);
    const before = await cursorIn(engine);
    for (const n of [0, 1, 2]) world.putContact({ id: n, customerId: `c${n}`, value: `new ${n}` });
    world.instead = (url) =>
      url.pathname === changesPath && url.searchParams.get('page') === '2' ? { status: 404 } : undefined;
    await expect(engine.delta('customers')).rejects.toThrow();
    expect(await owedIn(engine)).toEqual(['c0', 'c1']);
    expect(await cursorIn(engine)).toEqual(before);
    world.instead = () => undefined;
    await nextSecond();
    await engine.delta('customers');
    expect(await phonesIn(engine)).toMatchObject({ c0: 'new 0', c1: 'new 1', c2: 'new 2' });
    expect((await cursorIn(engine)).at.getTime()).toBeGreaterThan(before.at.getTime());
  });

  test('a customer whose contacts cannot be read stays owed, the others arrive, and the cursor moves', async () => {
    const world = await startCustomers(5, bySince);
    const engine = await synced(world);
    const before = await cursorIn(engine);
    for (const n of [0, 1]) world.putContact({ id: n, customerId: `c${n}`, value: `new ${n}` });
    world.instead = (url) =>
      url.pathname === listPath && /c1/.test(url.searchParams.get('customerIds') ?? '') ? { status: 404 } : undefined;
    await nextSecond();
    await engine.delta('customers');
    expect(await phonesIn(engine)).toMatchObject({ c0: 'new 0', c1: phone(1) });
    expect(await owedIn(engine)).toEqual(['c1']);
    expect((await cursorIn(engine)).at.getTime()).toBeGreaterThan(before.at.getTime());
    world.instead = () => undefined;
    await askOwed(engine);
    expect(await phonesIn(engine)).toMatchObject({ c1: 'new 1' });
    expect(await owedIn(engine)).toEqual([]);
  });

  test('a filter that the source ignores, and records that name no customer, fail the run', async () => {
    const world = await startCustomers(3, bySince);
    const engine = await synced(world);
    const before = await cursorIn(engine);
    const old = [...world.contacts.values()].map((contact) => ({ ...contact, modified_at: '2020-01-01T00:00:00Z' }));
    for (const [data, words] of [
      [old.slice(0, 2), /filter is ignored/],
      [[{ id: 1, modified_at: new Date().toISOString() }], /Check `parent`/],
      [[{ id: 1, customerId: 'c1' }], /Check `since.field`/],
    ] as const) {
      world.instead = (url) =>
        url.pathname === changesPath ? { status: 200, body: { data, more: false } } : undefined;
      await expect(engine.delta('customers')).rejects.toThrow();
      const { rows } = await engine.db.raw('select error_type, error from tidemark.runs order by id desc limit 1');
      expect([rows[0].error_type, rows[0].error]).toEqual(['ContractBroken', expect.stringMatching(words)]);
    }
    expect(await cursorIn(engine)).toEqual(before);
    expect(await owedIn(engine)).toEqual([]);
  });

  test('where the listing has no cursor yet, the contacts of all rows that are there are owed', async () => {
    const world = await startCustomers(3, bySince);
    const engine = await synced(world);
    await engine.db.raw(`delete from tidemark.cursors where listing = 'related:contacts'`);
    await engine.delta('customers');
    expect(await owedIn(engine)).toEqual(['c0', 'c1', 'c2']);
    expect(await cursorIn(engine)).toMatchObject({ kind: 'instant' });
  });

  test('a cursor that an operator sets back takes that of the related records along', async () => {
    const world = await startCustomers(2, bySince);
    const engine = await synced(world);
    const to = new Date('2026-02-01T00:00:00Z');
    await resetCursor(engine.db, { connectionId, entity: 'customers' }, { to }, { actor: 'test', reason: 'test' });
    expect((await cursorIn(engine)).at).toEqual(to);
  });
});

describe('changes since a token', () => {
  test('the first token is had before the first page of `all`, so that what changes meanwhile is not lost', async () => {
    const world = await startCustomers(3, byToken);
    world.instead = async (url) => {
      if (url.pathname === listPath && world.log.length === 0)
        setImmediate(() => world.putContact({ id: 1, customerId: 'c1', value: 'meanwhile' }));
      return undefined;
    };
    const engine = await engineOf(world);
    await engine.delta('customers');
    const [first, second] = world.source.requests;
    expect([first, second]).toEqual(['/contacts/start', '/customers']);
    expect(await cursorIn(engine)).toMatchObject({ kind: 'token', token: 't0' });
    await engine.delta('customers');
    expect(await phonesIn(engine)).toMatchObject({ c1: 'meanwhile' });
    expect(await cursorIn(engine)).toMatchObject({ kind: 'token', token: 't1' });
  });

  test('a change is read once more after the read lag, since no list shows it again', async () => {
    const world = await startCustomers(3, byToken);
    const engine = await synced(world);
    world.putContact({ id: 1, customerId: 'c1', value: 'committed' });
    const stale = { data: [{ id: 1, customerId: 'c1', value: phone(1) }], hasMore: false };
    world.instead = (url) => (url.pathname === listPath ? { status: 200, body: stale } : undefined);
    await engine.delta('customers');
    expect(await phonesIn(engine)).toMatchObject({ c1: phone(1) });
    expect(await owedIn(engine)).toEqual(['c1']);
    world.instead = () => undefined;
    await engine.db.raw(`update tidemark.owed set since = since - interval '10 seconds'`);
    await askOwed(engine);
    expect(await phonesIn(engine)).toMatchObject({ c1: 'committed' });
    expect(await owedIn(engine)).toEqual([]);
  });

  test('a token that the source has forgotten: the contacts of all rows are owed, with a new token', async () => {
    const world = await startCustomers(4, byToken);
    const engine = await synced(world);
    world.putContact({ id: 1, customerId: 'c1', value: 'in the gap' });
    world.removeContact(2);
    world.forgotten = 1;
    expect((await engine.delta('customers')).outcome).toBe('succeeded');
    expect(await owedIn(engine)).toEqual(['c0', 'c1', 'c2', 'c3']);
    expect(await cursorIn(engine)).toMatchObject({ kind: 'token', token: 't2' });
    await askOwed(engine);
    expect(await phonesIn(engine)).toEqual({ c0: phone(0), c1: 'in the gap', c2: null, c3: phone(3) });
    expect(await owedIn(engine)).toEqual([]);
  });
});

test('mistakes are reported with their path', async () => {
  const at = 'customers.related.contacts.changes';
  const mistaken = async (changes: object, words: string) =>
    expect(
      startCustomers(1, { related: { contacts: { ...contactsOfCustomers, changes: changes as never } } }),
    ).rejects.toThrow(`${at}${words}`);
  const { field: _, ...fieldless } = changedContacts.since;
  await mistaken({ ...changedContacts, since: fieldless }, '.since.field: required');
  await mistaken({ ...changedContacts, ...{ feed: contactFeed.feed } }, ': needs `since` or `feed`');
  await mistaken({ ...contactFeed, feed: { token: 'token', first: 'all' } }, '.feed.first: must be a request');
  await mistaken({ ...changedContacts, query: { of: '{nobody}' } }, '.query.of: nothing fills {nobody}');
  const whole = { path: '/customers', paging: { scheme: 'none' }, records: 'data' } as const;
  await expect(
    startCustomers(1, { ...bySince, listings: { all: whole, one: { path: '/customers/{id}' } } }),
  ).rejects.toThrow(`${at}: needs \`listings.changes\``);
});
