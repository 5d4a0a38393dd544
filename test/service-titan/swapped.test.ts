import { serviceTitan } from '../../connectors/service-titan/connector';
import { customers } from '../../connectors/service-titan/customers';
import { exported, transactional } from '../../connectors/service-titan/listings';
import { firstCustomerId } from '../../connectors/service-titan/simulator';
import type { Connector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import { changesListing, listing } from '../../schema/definition/listings/listing';
import { quick } from '../support/quick';
import { startWorkspace, tenant } from './workspace';

/** Export and list look alike. A definition that takes one for the other is caught, whichever it is. */

jest.setTimeout(120_000);

/** The connector with other listings of customers. */
function withListings(listings: object): Connector {
  const connector = quick(serviceTitan);
  const entity = connector.entities.get('customers');
  if (entity === undefined) throw new Error('there is no entity customers');
  const swapped = { ...entity, listings: { ...entity.listings, ...listings } };
  return { ...connector, entities: new Map([...connector.entities, ['customers', swapped]]) } as Connector;
}
const { changes } = customers.listings;

test('both swapped: the first increment fails, since the export does not filter, and the cursor stays', async () => {
  const connector = withListings({
    all: listing.parse(transactional('/customers', { active: 'Any', sort: '+Id' })),
    changes: changesListing.parse({ ...exported('/customers'), since: changes?.since }),
  });
  const { engine } = await startWorkspace({ customers: 300, connector });
  expect((await engine.delta('customers')).outcome).toBe('succeeded');
  const cursor = () => engine.db('tidemark.cursors').where({ listing: 'changes' }).first('at');
  const before = await cursor();
  await expect(engine.delta('customers')).rejects.toThrow();
  const run = await engine.db('tidemark.runs').orderBy('id', 'desc').first('error_type', 'error');
  expect([run.error_type, run.error]).toEqual(['ContractBroken', expect.stringMatching(/filter/i)]);
  expect(await cursor()).toEqual(before);
});

test('the list instead of the export, which hides inactive customers unless asked: a reconciliation finds them all', async () => {
  const hidden = [3, 40, 41].map((n) => String(firstCustomerId + n));
  const connector = withListings({ all: listing.parse(transactional('/customers')) });
  const { engine, control } = await startWorkspace({ customers: 300, connector });
  for (const id of hidden) control.changeCustomer(tenant, id, { active: false });
  await engine.delta('customers');
  const rows = async () => new Set((await engine.rows('service_titan_customers')).keys());
  const inactive = [...control.customers(tenant)].filter(({ active }) => active === false).map(({ id }) => String(id));
  expect(inactive).toEqual(expect.arrayContaining(hidden));
  const listed = await rows();
  expect(inactive.filter((id) => listed.has(id))).toEqual([]);
  expect(await engine.reconcile('customers')).toMatchObject({ outcome: 'succeeded', missing: inactive.length });
  expect((await rows()).size).toBe(300);
});

test('a filter of the list that is put on the first sync is refused at start', () => {
  const all = { ...exported('/customers'), since: changes?.since } as never;
  const made = () =>
    defineEntity({
      name: 'customers',
      row: customers.row as never,
      key: 'id',
      map: () => ({}) as never,
      supportsWebhooks: false,
      listings: { all },
    });
  expect(made).toThrow(/listings\.all.*since/);
});
