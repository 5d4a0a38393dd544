import { serviceTitan } from '../../connectors/service-titan/connector';
import { exported } from '../../connectors/service-titan/listings';
import { firstCustomerId } from '../../connectors/service-titan/simulator';
import type { Connector } from '../../schema/definition/connector';
import { type Listing, listing } from '../../schema/definition/listings/listing';
import { quick } from '../support/quick';
import { startWorkspace, tenant } from './workspace';

/** The export withholds its newest changes. What it has not shown to the first sync arrives with the first delta. */

jest.setTimeout(120_000);
const withheldMs = 10 * 60_000;
const changedAgo = 5 * 60_000;
const id = String(firstCustomerId + 5);

function exportedLike(all: Listing): Connector {
  const connector = quick(serviceTitan);
  const entities = [...connector.entities].map(
    ([name, entity]) => [name, { ...entity, listings: { ...entity.listings, all } }] as const,
  );
  return { ...connector, entities: new Map(entities) };
}

/** A tenant in which one customer was changed and one was made five minutes ago, which the export withholds for ten. */
async function withheld(all: Listing, recent: boolean) {
  const workspace = await startWorkspace({ customers: 100, connector: exportedLike(all) });
  const { control, engine } = workspace;
  if (recent) control.withheldMs = withheldMs;
  else control.heldBackMs = withheldMs;
  const at = new Date(Date.now() - changedAgo).toISOString();
  const walter = { active: true, name: 'Walter Withheld', type: 'Residential' };
  control.bulk([
    { do: 'changeCustomer', tenant, id, fields: { name: 'Wanda Withheld' }, modifiedOn: at },
    { do: 'createCustomer', tenant, fields: walter, createdOn: at, modifiedOn: at },
  ]);
  const found = async () =>
    [...(await engine.rows('service_titan_customers')).values()]
      .filter(({ lastname }) => lastname === 'Withheld')
      .map(({ firstname }) => firstname)
      .sort();
  await engine.delta('customers');
  expect(await found()).toEqual([]);
  return { engine, found };
}

const both = ['Walter', 'Wanda'];
const all = (changes: Partial<Listing>): Listing => ({ ...listing.parse(exported('/customers')), ...changes });

test.each([
  ['although recent changes were asked for', all({}), true],
  ['of which recent changes were not asked for', all({ query: {} }), false],
] as const)('an export %s: the delta after it begins earlier by what is withheld', async (_which, list, recent) => {
  const { engine, found } = await withheld(list, recent);
  expect((await engine.delta('customers')).outcome).toBe('succeeded');
  expect(await found()).toEqual(both);
});

test('without `heldBack` no delta would bring it: a reconciliation does', async () => {
  const { engine, found } = await withheld(all({ query: {}, heldBack: undefined }), false);
  await engine.delta('customers');
  expect(await found()).toEqual([]);
  expect((await engine.reconcile('customers')).outcome).toBe('succeeded');
  expect(await found()).toEqual(both);
});
