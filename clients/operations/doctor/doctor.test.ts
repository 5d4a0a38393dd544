import { randomBytes } from 'node:crypto';
import { planningCenter } from '../../../connectors/planning-center/connector';
import { keyRing } from '../../../destination/connections/secrets';
import { connectDatabase } from '../../../destination/database/database';
import { TidemarkError } from '../../../schema/errors';
import { atEnd, testDatabase, testTemporal } from '../../../test/environment';
import { ring, startChurch } from '../../../test/support/engine';
import { agreeWithDatabase } from '../../schedules/agreeWithDatabase';
import { type Checkup, check } from './checkup';
import { checkDatabase, checkTemporal } from './doctor';

const byName = (checkups: readonly Checkup[]) => new Map(checkups.map((one) => [one.name, one]));
const wrong = (checkups: readonly Checkup[]) => checkups.filter(({ ok }) => !ok).map(({ name }) => name);

test('an engine that is well: every check says so; with its schedules gone and another key, those are wrong', async () => {
  const { engine } = await startChurch({ people: 5 });
  const { db, connector, temporal, taskQueue } = engine;
  await agreeWithDatabase(db, temporal.client, [connector], { taskQueue });
  const database = await checkDatabase(db, () => ring, [connector]);
  const servers = await checkTemporal(temporal, db, [connector], taskQueue);
  expect(wrong([...database, ...servers])).toEqual([]);
  expect([...database, ...servers].map(({ name }) => name)).toEqual([
    ...['PostgreSQL', 'schema', 'sessions', 'clock', 'tables', 'connections', 'secrets'],
    ...['Temporal', 'search attributes', 'workers', 'schedules'],
  ]);
  await temporal.client.schedule.getHandle('tidemark/schedule/delta/demo/people').delete();
  const without = byName(await checkTemporal(temporal, db, [connector], 'nobody-polls-this'));
  expect(without.get('schedules')).toMatchObject({ ok: false, fix: expect.stringContaining('schedules repair') });
  expect(without.get('workers')).toMatchObject({ ok: false, fix: expect.stringContaining('tidemark worker') });
  const otherKey = byName(await checkDatabase(db, () => keyRing(randomBytes(32).toString('hex')), []));
  expect(otherKey.get('secrets')).toMatchObject({
    ok: false,
    found: expect.stringMatching(/secrets of connection 'demo' are encrypted under key/),
  });
  expect(otherKey.get('connections')).toMatchObject({
    ok: false,
    found: expect.stringContaining('planning_center is not registered'),
  });
});

test('a database without Tidemark, and none at all', async () => {
  const empty = await testDatabase();
  const db = connectDatabase(empty.url);
  atEnd(() => db.destroy());
  await db.raw('drop schema tidemark cascade');
  const checkups = await checkDatabase(db, () => ring, [planningCenter]);
  expect(wrong(checkups)).toEqual(['schema']);
  expect(byName(checkups).get('schema')?.found).toContain('tidemark migrate');
  const nowhere = connectDatabase('postgres://127.0.0.1:1/x');
  atEnd(() => nowhere.destroy());
  expect(await checkDatabase(nowhere, () => ring, [])).toEqual([
    { name: 'PostgreSQL', ok: false, found: expect.stringContaining('cannot be reached'), fix: null },
  ]);
});

test('a namespace that is not there', async () => {
  const { client, address } = await testTemporal();
  const elsewhere = new (client.constructor as typeof import('@temporalio/client').Client)({
    connection: client.connection,
    namespace: 'nowhere',
  });
  expect(await checkTemporal({ client: elsewhere, address }, undefined, [])).toEqual([
    {
      name: 'Temporal',
      ok: false,
      found: expect.stringContaining("no namespace 'nowhere'"),
      fix: expect.stringContaining('TEMPORAL_NAMESPACE'),
    },
  ]);
});

test('what is thrown is what is wrong, in one line', async () => {
  expect(await check('it', () => 'well')).toEqual({ name: 'it', ok: true, found: 'well', fix: null });
  const thrown = await check('it', () => {
    throw new TidemarkError('Usage', 'first line\nsecond line');
  });
  expect(thrown).toEqual({ name: 'it', ok: false, found: 'first line', fix: null });
});
