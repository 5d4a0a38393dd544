import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { type Connector, defineConnector } from '../../schema/definition/connector';
import { defineEntity, type EntityInput } from '../../schema/definition/entity';
import { SkipRecord } from '../../schema/errors';
import type { JsonObject } from '../../schema/json/json';
import { atEnd } from '../environment';
import { connectionId, type Engine, startEngine } from '../support/engine';
import { json, startSource, type TestSource } from '../support/sources/httpSource';

export interface Customer {
  readonly id: string;
  readonly name: string;
  readonly updated_at: string;
}

/** A phone number, listed apart from the customer that it belongs to. */
export interface Contact {
  readonly id: number;
  readonly customerId: string;
  readonly value: string;
  readonly active?: boolean;
  readonly modified_at?: string;
}

/** Customers and, apart from them, their contacts, in pages of two. */
export interface Customers {
  readonly source: TestSource;
  readonly customers: Map<string, Customer>;
  readonly contacts: Map<number, Contact>;
  /** what a test has the source answer instead of the truth */
  instead: (url: URL) => { readonly status: number; readonly body?: unknown } | undefined | Promise<undefined>;
  readonly connector: Connector;
  change(id: string, name: string): void;
  /** every change of a contact since the beginning, removals included: a token is the number of changes before it */
  readonly log: Contact[];
  /** tokens below are no longer known */
  forgotten: number;
  putContact(contact: Contact): void;
  removeContact(id: number): void;
  /** requests since the last call, without their parameters of paging */
  asked(path: string): URL[];
}

export const row = z.object({ name: z.string(), phone: z.string().nullable() });
type Row = typeof row;

const pageSize = 2;

export async function startCustomers(
  count: number,
  changes: Partial<EntityInput<Row, JsonObject>> = {},
): Promise<Customers> {
  const numbers = Array.from({ length: count }, (_, index) => index);
  const respond = async (response: ServerResponse, url: URL) => {
    const spoiled = await world.instead(url);
    if (spoiled) return json(response, spoiled.body ?? { error: 'spoiled' }, spoiled.status);
    const id = /^\/customers\/(.+)$/.exec(url.pathname)?.[1];
    if (url.pathname === '/contacts/ids') {
      const data = [...world.contacts.values(), ...world.log.filter(({ active }) => active === false)];
      return json(response, { data: data.map(({ value: _, ...listed }) => listed) });
    }
    if (url.pathname === '/contacts/start') return json(response, { now: `t${world.log.length}` });
    if (url.pathname === '/contacts/changes') {
      const page = changesPage(world, url);
      return page ? json(response, page) : json(response, { error: 'token too old' }, 410);
    }
    if (id === 'contacts') return json(response, contactPage(world, url));
    if (id !== undefined) {
      const found = world.customers.get(id);
      return found ? json(response, found) : json(response, { error: 'gone' }, 404);
    }
    return json(response, {
      data: [...world.customers.values()].filter(
        ({ updated_at }) => updated_at >= (url.searchParams.get('since') ?? ''),
      ),
    });
  };
  const source = await startSource((_request, response, url) => {
    respond(response, url).catch((error: unknown) => response.destroy(error as Error));
  });
  atEnd(() => source.close());
  let seen = 0;
  const world: Customers = {
    source,
    customers: new Map(
      numbers.map((number) => [
        `c${number}`,
        { id: `c${number}`, name: `Customer ${number}`, updated_at: instant(number) },
      ]),
    ),
    contacts: new Map(
      numbers.map((number) => [number, { id: number, customerId: `c${number}`, value: phone(number) }]),
    ),
    log: [],
    forgotten: 0,
    putContact: (contact) => {
      const changed = { ...contact, modified_at: new Date().toISOString() };
      world.contacts.set(contact.id, changed);
      world.log.push(changed);
    },
    removeContact: (id) => {
      const contact = world.contacts.get(id);
      world.contacts.delete(id);
      if (contact) world.log.push({ ...contact, active: false, modified_at: new Date().toISOString() });
    },
    instead: () => undefined,
    connector: connectorOf(changes),
    change: (id, name) => void world.customers.set(id, { id, name, updated_at: new Date().toISOString() }),
    asked: (path) => {
      const all = source.requests.slice(seen).map((address) => new URL(address, 'http://source'));
      seen = source.requests.length;
      return all.filter(({ pathname }) => pathname === path);
    },
  };
  return world;
}

/** The phone number that a customer's contact has at first. */
export function phone(number: number): string {
  return `+49 30 ${1000 + number}`;
}

function instant(number: number): string {
  return new Date(Date.parse('2026-01-01T00:00:00Z') + number * 1000).toISOString();
}

function contactPage({ contacts }: Customers, url: URL) {
  const asked = url.searchParams.get('customerIds')?.split(',') ?? [];
  const page = Number(url.searchParams.get('page') ?? 1);
  const size = Number(url.searchParams.get('pageSize') ?? pageSize);
  const found = [...contacts.values()].filter(({ customerId }) => asked.includes(customerId));
  return { data: found.slice((page - 1) * size, page * size), hasMore: page * size < found.length };
}

/** Changed contacts, by the instant or the token that is asked for, in pages of two; undefined for a token that is no longer known. */
function changesPage({ log, forgotten }: Customers, url: URL) {
  const since = url.searchParams.get('since');
  const after = Number(url.searchParams.get('after')?.slice(1) ?? 0);
  if (since === null && after < forgotten) return undefined;
  const found = since === null ? log : log.filter(({ modified_at }) => (modified_at ?? '') >= since);
  const from = since === null ? after : (Number(url.searchParams.get('page') ?? 1) - 1) * pageSize;
  const reached = Math.min(from + pageSize, found.length);
  return { data: found.slice(from, reached), token: `t${reached}`, more: reached < found.length };
}

/** Every contact without its number; removed ones are shown as such. */
export const contactIds = { path: '/contacts/ids', paging: { scheme: 'none' }, records: 'data' } as const;

/** The changes of contacts since an instant. */
export const changedContacts = {
  path: '/contacts/changes',
  paging: { scheme: 'page', sizeParam: 'pageSize', pageSize, more: 'more', stable: true },
  records: 'data',
  since: { param: 'since', field: 'modified_at', form: 'iso-milliseconds', boundary: 'inclusive' },
} as const;

/** The changes of contacts since a token. */
export const contactFeed = {
  path: '/contacts/changes',
  paging: { scheme: 'token', param: 'after', next: 'token', more: 'more' },
  records: 'data',
  feed: { token: 'token', first: { path: '/contacts/start', token: 'now' } },
} as const;

const whole = { path: '/customers', paging: { scheme: 'none' }, records: 'data' } as const;

export const contactsOfCustomers = {
  listing: {
    path: '/customers/contacts',
    query: { customerIds: '{ids}' },
    max: 3,
    paging: { scheme: 'page', sizeParam: 'pageSize', pageSize, more: 'hasMore', stable: true },
    records: 'data',
  },
  parent: 'customerId',
  gone: (contact: JsonObject) => contact.active === false,
  readAgain: '7d',
} as const;

function connectorOf(changes: Partial<EntityInput<Row, JsonObject>>): Connector {
  const customers = defineEntity<Row>({
    name: 'customers',
    row,
    key: 'id',
    deltaSyncField: { name: 'updated_at', kind: 'instant' },
    map: (record, { related }) => ({
      name: String(record.name),
      phone: (related.contacts?.[0]?.value ?? null) as string | null,
    }),
    supportsWebhooks: false,
    readLag: '1s',
    related: { contacts: contactsOfCustomers },
    listings: {
      all: whole,
      changes: { ...whole, since: { param: 'since', form: 'iso-milliseconds', boundary: 'inclusive' } },
      ids: whole,
      one: { path: '/customers/{id}' },
    },
    ...changes,
  });
  return defineConnector({
    name: 'acme',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [customers],
  });
}

/** A customer without contacts is left out. */
export const skipsWithout: Pick<EntityInput<Row, JsonObject>, 'map'> = {
  map: (record, { related }) => {
    const [first] = related.contacts ?? [];
    if (first === undefined) throw new SkipRecord('no contacts');
    return { name: String(record.name), phone: String(first.value) };
  },
};

export async function engineOf({ connector, source }: Customers): Promise<Engine> {
  return startEngine({ connector, settings: { baseUrl: source.baseUrl } });
}

/** Phone numbers in the table by customer, null included. */
export async function phonesIn(engine: Engine): Promise<Record<string, string | null>> {
  const rows = await engine.rows('acme_customers');
  return Object.fromEntries([...rows].sort().map(([id, { phone }]) => [id, phone as string | null]));
}

/** Ids that are owed, due or not. */
export async function owedIn({ db }: Engine): Promise<string[]> {
  const { rows } = await db.raw('select external_id as id from tidemark.owed order by 1');
  return rows.map(({ id }: { id: string }) => id);
}

/** As the sweep does it once what is owed is due. */
export async function askOwed(engine: Engine): Promise<void> {
  await engine.db.raw('update tidemark.owed set due_at = clock_timestamp()');
  const handle = await engine.start('syncRecords', { connectionId, entity: 'customers', batch: { of: 'owed' } });
  await handle.result();
}
