import type { Knex } from 'knex';
import { testDatabase } from '../../test/environment';
import { connectDatabase } from '../database/database';
import { ensureEntity } from '../runs/entities';
import { createConnection, enableConnection, getConnection, listConnections, updateConnection } from './connections';

let db: Knex;
beforeAll(async () => {
  db = connectDatabase((await testDatabase()).url);
});
afterAll(() => db.destroy());

test('the first unknown connection is told how to make one', async () => {
  await expect(getConnection(db, 'demo')).rejects.toMatchObject({
    type: 'NotFound',
    message: expect.stringContaining('tidemark connect'),
  });
});

test('a connection is kept, changed in part, switched off and listed', async () => {
  const made = await createConnection(db, {
    id: 'demo',
    connector: 'church',
    settings: { baseUrl: 'https://api.example.com', tags: ['a\0'] },
    schedules: { people: { delta: { every: '5m' } } },
  });
  expect(made).toMatchObject({
    timeZone: 'UTC',
    businessHours: null,
    enabled: true,
    settings: { tags: ['a\uFFFD'] },
    schedules: { people: { delta: { every: '5m' } } },
  });
  const hours = { from: '08:00', to: '18:00', days: [1, 2] };
  await updateConnection(db, 'demo', { timeZone: 'Europe/Berlin', businessHours: hours });
  await enableConnection(db, 'demo', false);
  const { updatedAt, ...rest } = await getConnection(db, 'demo');
  const { updatedAt: before, ...former } = made;
  expect(rest).toEqual({ ...former, timeZone: 'Europe/Berlin', businessHours: hours, enabled: false });
  expect(updatedAt.getTime()).toBeGreaterThanOrEqual(before.getTime());
  await createConnection(db, { id: 'acme', connector: 'shop', settings: {} });
  const ids = async (filter: Parameters<typeof listConnections>[1]) =>
    (await listConnections(db, filter)).map(({ id }) => id);
  expect([await ids({}), await ids({ enabledOnly: true }), await ids({ connector: 'church' })]).toEqual([
    ['acme', 'demo'],
    ['acme'],
    ['demo'],
  ]);
});

test('wrong input is refused with what is wrong, and changes nothing', async () => {
  const before = await getConnection(db, 'demo');
  await expect(createConnection(db, { id: 'demo', connector: 'church', settings: {} })).rejects.toMatchObject({
    type: 'Usage',
  });
  await expect(
    createConnection(db, { id: 'De mo', connector: 'church', settings: {}, timeZone: 'Mars' }),
  ).rejects.toMatchObject({
    type: 'Usage',
    message: expect.stringMatching(/id: .*\n.*timeZone: /s),
  });
  await expect(updateConnection(db, 'demo', { timeZone: 'Mars' })).rejects.toMatchObject({ type: 'Usage' });
  expect(await getConnection(db, 'demo')).toEqual(before);
});

test('an unknown connection is answered with the known ones, and the one that was meant', async () => {
  for (const work of [
    getConnection(db, 'dmeo'),
    updateConnection(db, 'dmeo', {}),
    enableConnection(db, 'dmeo', true),
  ]) {
    await expect(work).rejects.toMatchObject({
      type: 'NotFound',
      message: expect.stringMatching(/"dmeo".*mean 'demo'.*acme, demo/),
    });
  }
  await expect(getConnection(db, 'quite-another')).rejects.not.toThrow('mean');
});

test('an entity’s row is made once', async () => {
  const target = { connectionId: 'demo', entity: 'people' };
  await Promise.all([ensureEntity(db, target), ensureEntity(db, target)]);
  const { rows } = await db.raw('select entity, watermark_at from tidemark.entities');
  expect(rows).toEqual([{ entity: 'people', watermark_at: -Infinity }]);
});
