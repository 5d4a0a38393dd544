import { startApi } from '../service-titan/workspace';
import { until } from '../support/server';
import { type Studio, startStudio } from './studio';

/** The paths that scripts of the former service know. */

jest.setTimeout(120_000);
let studio: Studio;
let ask: Awaited<ReturnType<typeof startApi>>;

beforeAll(async () => {
  studio = await startStudio({ customers: 20, bookings: 70 });
  ask = await startApi(studio);
});

interface StartedRun {
  readonly entity: string;
}

test('POST /api/admin/sync answers at once with the runs of every entity, and the log shows how they ended', async () => {
  const { status, body } = await ask('POST /api/admin/sync', { brand: 'demo' });
  const started = (body.started as StartedRun[]).map(({ entity }) => entity).sort();
  expect([status, started]).toEqual([202, ['bookings', 'class_sessions', 'customers', 'memberships', 'orders']]);
  await until(async () => {
    const { body: log } = await ask('GET /api/admin/sync/log?brand=demo');
    const runs = log.runs as { status: string }[];
    return runs.length === 5 && runs.every((run) => run.status === 'succeeded');
  });
});

test.each([
  ['reservations', 'bookings'],
  ['class_sessions', 'class_sessions'],
])('POST /api/admin/sync/%s starts %s alone', async (path, entity) => {
  let body: Record<string, unknown> = {};
  await until(async () => {
    const answer = await ask(`POST /api/admin/sync/${path}`, { brand: 'demo' });
    body = answer.body;
    return answer.status === 202;
  });
  expect(body.started).toMatchObject([{ entity }]);
});

test('GET /api/admin/sync/status shows each entity, and whether the source accepts the credentials', async () => {
  const { status, body } = await ask('GET /api/admin/sync/status?brand=demo');
  expect([status, body.connections]).toMatchObject([200, [{ id: 'demo', needsCredentials: null }]]);
});

test('without the key, or without a brand to sync, nothing is done', async () => {
  expect((await ask('POST /api/admin/sync', { brand: 'demo' }, { withKey: false })).status).toBe(401);
  const { status, body } = await ask('POST /api/admin/sync', {});
  expect([status, JSON.stringify(body.mistakes)]).toEqual([400, expect.stringContaining('body.brand')]);
});

test('the description of the API has these paths with their fields', async () => {
  const { paths } = (await ask('GET /api/openapi.json')).body as { paths: Record<string, object> };
  const named = Object.keys(paths).filter((path) => path.startsWith('/api/admin/'));
  expect(named.sort()).toEqual([
    '/api/admin/metrics',
    '/api/admin/sync',
    '/api/admin/sync/bookings',
    '/api/admin/sync/class_sessions',
    '/api/admin/sync/customers',
    '/api/admin/sync/log',
    '/api/admin/sync/memberships',
    '/api/admin/sync/orders',
    '/api/admin/sync/reservations',
    '/api/admin/sync/status',
  ]);
  expect(paths['/api/admin/sync/log']).toMatchObject({
    get: { parameters: [{ name: 'brand' }, { name: 'limit' }], summary: expect.stringContaining('`runs`') },
  });
});
