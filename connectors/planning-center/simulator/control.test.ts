import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstPersonId } from './seed';
import { type Simulator, type SimulatorOptions, startPlanningCenterSimulator } from './server';
import { get, idsOf } from './testClient';

const person = (n: number): string => String(firstPersonId + n);
const options: SimulatorOptions = { people: 20, donations: 5, appId: 'app', secret: 'key', rateLimit: false };
let simulator: Simulator;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simulator-'));
  simulator = await startPlanningCenterSimulator(options);
});
afterEach(async () => {
  await simulator.stop();
  await rm(folder, { recursive: true });
});

const call = async (method: string, path: string, body?: unknown) => {
  const response = await fetch(`${simulator.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: JSON.parse(await response.text()) };
};

test('creates, changes, touches, deletes and creates again', async () => {
  const { control } = simulator;
  const id = control.create('people', { attributes: { first_name: 'New', last_name: 'Person' } });
  expect(control.get('people', id)?.attributes).toMatchObject({ name: 'New Person', first_name: 'New' });
  control.change('people', id, { attributes: { first_name: 'Newer' }, updatedAt: '2031-05-05T05:05:05Z' });
  expect(control.get('people', id)?.attributes).toMatchObject({
    name: 'Newer Person',
    updated_at: '2031-05-05T05:05:05Z',
  });
  const before = control.get('people', id)?.attributes;
  control.touch('people', id, '2032-01-01T00:00:00Z');
  expect(control.get('people', id)?.attributes).toEqual({ ...before, updated_at: '2032-01-01T00:00:00Z' });
  control.delete('people', id);
  expect(control.get('people', id)).toBeUndefined();
  expect(control.count('people')).toBe(20);
  control.create('people', { id, attributes: { first_name: 'Again' } });
  expect(control.get('people', id)?.attributes).toMatchObject({ first_name: 'Again' });
  expect(() => control.create('people', { id })).toThrow(`people ${id} is there already`);
  expect(() => control.touch('people', 'nobody')).toThrow('there is no people nobody');
});

test('ids may be anything, and look-alikes of seeded ids are other records', async () => {
  const { control } = simulator;
  for (const id of [`0${person(0)}`, '9007199254740993', 'a/b%c', '../people']) {
    control.create('people', { id });
    const one = await get(simulator, `/people/v2/people/${encodeURIComponent(id)}`);
    expect(JSON.parse(one.text).data.id).toBe(id);
  }
  expect(control.count('people')).toBe(24);
});

test('many changes at once, on one instant', async () => {
  const updatedAt = '2033-03-03T03:03:03Z';
  const ids = simulator.control.bulk(
    Array.from({ length: 150 }, () => ({ do: 'create' as const, entity: 'people' as const, updatedAt })),
  );
  expect(new Set(ids).size).toBe(150);
  const page = await get(simulator, `/people/v2/people?where[updated_at]=${updatedAt}&order=updated_at&per_page=100`);
  expect(page.json.meta.total_count).toBe(150);
  expect(idsOf(page)).toEqual(ids.slice(0, 100));
});

test('a late commit appears behind a cursor that has already passed', async () => {
  const { control } = simulator;
  const cursor = new Date(control.now()).toISOString();
  const since = `/people/v2/people?order=updated_at&where[updated_at][gte]=${cursor}`;
  control.commitLate('people', person(0), 5000, { status: 'inactive' });
  expect(idsOf(await get(simulator, since))).toEqual([]);
  expect(control.get('people', person(0))?.attributes).toMatchObject({ status: 'inactive' });
});

test('the clock of the source decides over new timestamps and the Date header', async () => {
  simulator.control.setClock({ fixed: '2040-01-01T00:00:00Z' });
  const id = simulator.control.create('people');
  expect(simulator.control.get('people', id)?.attributes).toMatchObject({
    created_at: '2040-01-01T00:00:00Z',
    updated_at: '2040-01-01T00:00:00Z',
  });
  const answer = await get(simulator, '/people/v2/people');
  expect(answer.headers.date).toBe('Sun, 01 Jan 2040 00:00:00 GMT');
});

test('a hidden list is empty with 200, its records still answer', async () => {
  simulator.control.hide('people');
  const list = await get(simulator, '/people/v2/people');
  expect(list.json).toMatchObject({ data: [], meta: { total_count: 0 } });
  expect((await get(simulator, `/people/v2/people/${person(0)}`)).status).toBe(200);
  expect((await get(simulator, '/giving/v2/donations')).json.meta.total_count).toBe(5);
  simulator.control.hide('people', false);
  expect((await get(simulator, '/people/v2/people')).json.meta.total_count).toBe(20);
});

test('a lagging replica answers with what was true before, then catches up, and writes are never lost', async () => {
  const { control } = simulator;
  control.setStale({ maxMs: 3_600_000, probability: 1 });
  const before = control.get('people', person(0))?.attributes;
  control.change('people', person(0), { attributes: { status: 'inactive', first_name: 'Changed' } });
  control.delete('people', person(1));
  const created = control.create('people');
  // seeded chance: the lag is drawn from an hour, the changes are milliseconds old
  const stale = await get(simulator, `/people/v2/people?where[id]=${person(0)}`);
  expect(stale.json.data[0]?.attributes).toEqual(before);
  expect((await get(simulator, `/people/v2/people/${person(1)}`)).status).toBe(200);
  expect((await get(simulator, `/people/v2/people/${created}`)).status).toBe(404);
  control.setStale({ maxMs: 0, probability: 1 });
  expect(JSON.parse((await get(simulator, `/people/v2/people/${person(0)}`)).text).data.attributes.first_name).toBe(
    'Changed',
  );
  expect((await get(simulator, `/people/v2/people/${person(1)}`)).status).toBe(404);
  expect((await get(simulator, `/people/v2/people/${created}`)).status).toBe(200);
});

test('the log names every request, numbered, and can be cleared', async () => {
  await get(simulator, '/people/v2/people?where[updated_at][gte]=2020-01-01');
  await get(simulator, `/people/v2/people/${person(0)}`, 'app:wrong');
  expect(simulator.control.log()).toMatchObject([
    { number: 1, method: 'GET', path: '/people/v2/people', query: 'where[updated_at][gte]=2020-01-01', status: 200 },
    { number: 2, path: `/people/v2/people/${person(0)}`, status: 401 },
  ]);
  expect(simulator.control.logSummary()).toEqual({
    requests: 2,
    byStatus: { 200: 1, 401: 1 },
    byPath: { '/people/v2/people': 1, '/people/v2/people/{id}': 1 },
  });
  simulator.control.clearLog();
  expect(simulator.control.log()).toEqual([]);
});

test('changes survive a restart, a cut-off last line does not, and another seed is refused', async () => {
  const journal = join(folder, 'state', 'journal.jsonl');
  const first = await startPlanningCenterSimulator({ ...options, journal });
  const created = first.control.create('people', { attributes: { first_name: 'Kept' } });
  first.control.delete('people', person(3));
  await first.stop();
  await writeFile(journal, `${await readFile(journal, 'utf8')}{"entity":"people","id":"10`);

  const second = await startPlanningCenterSimulator({ ...options, journal });
  expect(second.control.get('people', created)?.attributes).toMatchObject({ first_name: 'Kept' });
  expect(second.control.get('people', person(3))).toBeUndefined();
  expect(second.control.create('people')).not.toBe(created);
  await second.stop();

  const third = await startPlanningCenterSimulator({ ...options, journal });
  expect(third.control.count('people')).toBe(21);
  await third.stop();
  await expect(startPlanningCenterSimulator({ ...options, people: 21, journal })).rejects.toThrow(
    'holds the changes to other data',
  );
});

test('the same verbs over HTTP', async () => {
  const created = await call('POST', '/control/people', { attributes: { first_name: 'Http' } });
  expect(created).toEqual({ status: 200, body: { id: expect.any(String) } });
  const at = `/control/people/${created.body.id}`;
  expect((await call('PATCH', at, { attributes: { status: 'inactive' } })).status).toBe(200);
  expect((await call('GET', at)).body.attributes).toMatchObject({ first_name: 'Http', status: 'inactive' });
  expect((await call('POST', `${at}/touch`, { updatedAt: '2035-01-01T00:00:00Z' })).status).toBe(200);
  expect((await call('DELETE', at)).status).toBe(200);
  expect(await call('GET', at)).toMatchObject({
    status: 409,
    body: { error: `there is no people ${created.body.id}` },
  });
  expect((await call('PUT', '/control/clock', { fixed: '2040-01-01T00:00:00Z' })).status).toBe(200);
  expect((await call('PUT', '/control/people/hidden', { hidden: true })).status).toBe(200);
  expect((await call('POST', '/control/faults', { fault: { kind: 'html' } })).body).toEqual({ id: 1 });
  const bulk = { operations: [{ do: 'create', entity: 'donations' }] };
  expect((await call('POST', '/control/bulk', bulk)).body.ids).toHaveLength(1);
  expect((await call('GET', '/control/status')).body).toMatchObject({
    now: '2040-01-01T00:00:00.000Z',
    records: { people: 20, donations: 6 },
    hidden: ['people'],
    faults: 1,
  });
  expect((await call('GET', '/control')).body.length).toBeGreaterThan(20);
});

test('wrong control requests say what is wrong', async () => {
  expect(await call('POST', '/control/faults', { fault: { kind: 'earthquake' } })).toMatchObject({
    status: 400,
    body: { error: expect.stringContaining('fault.kind') },
  });
  expect((await call('POST', '/control/animals', {})).status).toBe(400);
  expect((await call('PATCH', `/control/people/${person(0)}`, { updatedAt: 'soon' })).status).toBe(400);
  expect(await call('GET', '/control/nowhere')).toMatchObject({ status: 404 });
});

test('the control API does not answer to a foreign host name', async () => {
  const { request } = await import('node:http');
  const status = await new Promise((resolve, reject) => {
    const sent = request(`${simulator.url}/control/status`, { headers: { host: 'evil.example' } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.once('error', reject);
    sent.end();
  });
  expect(status).toBe(403);
});

test('starts empty, and with very many', async () => {
  const empty = await startPlanningCenterSimulator({ ...options, people: 0, donations: 0 });
  expect((await get(empty, '/people/v2/people')).json).toMatchObject({ data: [], meta: { total_count: 0 } });
  await empty.stop();
  const large = await startPlanningCenterSimulator({ ...options, people: 200_000 });
  const page = await get(large, '/people/v2/people?offset=199990&order=updated_at');
  expect(page.json).toMatchObject({ meta: { total_count: 200_000, count: 10 } });
  await large.stop();
});
