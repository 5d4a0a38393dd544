import { readyContext } from '../../clients/operations/definition/context';
import { explainRecord } from '../../clients/operations/work/explain/explain';
import { aMinuteLater } from '../invariants/support';
import { connectionId } from '../support/engine';
import { changedContacts, contactsOfCustomers, engineOf, startCustomers } from './customerSource';

test('a related record that changed alone explains why a row is behind: its list has a cursor of its own', async () => {
  const related = { contacts: { ...contactsOfCustomers, changes: changedContacts } };
  const world = await startCustomers(3, { related });
  const engine = await engineOf(world);
  await engine.delta('customers');
  await aMinuteLater(engine, 'acme_customers');
  const { db, connector, temporal, taskQueue } = engine;
  const context = readyContext({ db, connectors: [connector], client: temporal.client, taskQueue });
  const explained = () =>
    explainRecord(context, { connection: connectionId, entity: 'customers', id: 'c1', source: true, wait: 45 });
  expect((await explained()).verdict.right).toBe(true);
  world.putContact({ id: 1, customerId: 'c1', value: 'changed alone' });
  const { verdict } = await explained();
  expect(verdict.right).toBe(false);
  expect(verdict.sentence).toMatch(
    /^The table is behind in phone, and the record itself has not changed: what belongs to it may have changed alone \(changes of contacts are read up to 20/,
  );
});
