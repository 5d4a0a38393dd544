import { firstPersonId } from './seed';
import { type Simulator, startPlanningCenterSimulator } from './server';
import { get, idsOf, type Response } from './testClient';

const person = (n: number): string => String(firstPersonId + n);
const people = '/people/v2/people';
let simulator: Simulator;

beforeEach(async () => {
  simulator = await startPlanningCenterSimulator({ people: 250, donations: 30, appId: 'app', secret: 'key' });
});
afterEach(() => simulator.stop());

test('walks the whole list by links.next without gaps or doubles', async () => {
  const seen: string[] = [];
  let page: Response = await get(simulator, `${people}?per_page=100`);
  for (;;) {
    seen.push(...idsOf(page));
    expect(page.json.meta).toMatchObject({ total_count: 250, count: page.json.data.length });
    const { next } = page.json.links;
    if (next === undefined) break;
    expect(page.json.meta.next?.offset).toBe(seen.length);
    page = await get(simulator, next.slice(simulator.url.length));
  }
  expect(seen).toEqual(Array.from({ length: 250 }, (_, n) => person(n)));
  expect(page.json.links.prev).toContain('offset=100');
  expect(page.json.data).toHaveLength(50);
});

test('pages hold 25 by default, 100 at most, and none for per_page=0', async () => {
  expect((await get(simulator, people)).json.data).toHaveLength(25);
  expect((await get(simulator, `${people}?per_page=500`)).json.data).toHaveLength(100);
  const none = await get(simulator, `${people}?per_page=0`);
  expect(none.json).toMatchObject({ data: [], meta: { total_count: 250, count: 0 } });
});

test('an offset beyond the end is an empty page', async () => {
  const page = await get(simulator, `${people}?offset=1000`);
  expect(page.json).toMatchObject({ data: [], meta: { total_count: 250 } });
  expect(page.json.links.next).toBeUndefined();
});

test.each(['updated_at', 'created_at', 'first_name'])('orders by %s both ways', async (field) => {
  const values = async (order: string) =>
    (await get(simulator, `${people}?per_page=100&order=${order}`)).json.data.map((r) => String(r.attributes[field]));
  const up = await values(field);
  expect(up).toEqual([...up].sort());
  const down = await values(`-${field}`);
  expect(down).toEqual([...down].sort().reverse());
});

test('where[updated_at] keeps what is on the right side of the boundary', async () => {
  simulator.control.touch('people', person(1), '2030-01-01T00:00:00Z');
  simulator.control.touch('people', person(2), '2030-01-01T00:00:01Z');
  const ids = async (where: string) => idsOf(await get(simulator, `${people}?order=updated_at&${where}`));
  const at = '2030-01-01T00:00:00Z';
  expect(await ids(`where[updated_at][gte]=${at}`)).toEqual([person(1), person(2)]);
  expect(await ids(`where[updated_at][gt]=${at}`)).toEqual([person(2)]);
  expect(await ids(`where%5Bupdated_at%5D%5Bgt%5D=${encodeURIComponent(at)}`)).toEqual([person(2)]);
  expect(await ids(`where[updated_at]=${at}`)).toEqual([person(1)]);
  expect(await ids(`where[updated_at][gte]=${at}&where[updated_at][lt]=2030-01-01T00:00:01Z`)).toEqual([person(1)]);
  expect(await ids('where[updated_at][gt]=2030-01-01')).toEqual([]);
  expect(await ids('where[updated_at][gte]=2030-01-01')).toEqual([person(1), person(2)]);
});

test('a record changed within the second shown is found by a strict comparison with that second', async () => {
  simulator.control.touch('people', person(1), '2030-01-01T00:00:00.400Z');
  const page = await get(simulator, `${people}?where[updated_at][gt]=2030-01-01T00:00:00Z`);
  expect(idsOf(page)).toEqual([person(1)]);
  expect(page.json.data[0]?.attributes.updated_at).toBe('2030-01-01T00:00:00Z');
});

test('a record without updated_at is last in the order and outside every filter', async () => {
  simulator.control.touch('people', person(9), null);
  expect(idsOf(await get(simulator, `${people}?order=-updated_at&per_page=1`))).toEqual([person(9)]);
  const all = await get(simulator, `${people}?order=updated_at&where[updated_at][gte]=1970-01-01T00:00:00Z&per_page=1`);
  expect(all.json.meta.total_count).toBe(249);
});

test('filters other than time, also together with it', async () => {
  simulator.control.change('people', person(3), { attributes: { first_name: 'Zephyrine' } });
  expect(idsOf(await get(simulator, `${people}?where[first_name]=zephyrine`))).toEqual([person(3)]);
  expect(idsOf(await get(simulator, `${people}?where[first_name]=Zeph%25`))).toEqual([person(3)]);
  const both = `${people}?where[first_name]=zephyrine&where[updated_at][lt]=2020-01-01`;
  expect(idsOf(await get(simulator, both))).toEqual([]);
  expect(idsOf(await get(simulator, `${people}?where[id]=${person(4)}`))).toEqual([person(4)]);
});

test('sparse fieldsets keep ids and the named fields only', async () => {
  const page = await get(simulator, `${people}?per_page=1&fields[Person]=updated_at,status`);
  expect(Object.keys(page.json.data[0]?.attributes ?? {}).sort()).toEqual(['status', 'updated_at']);
  expect(page.json.data[0]?.relationships).toEqual({});
  const ids = await get(simulator, `${people}?per_page=1&fields[Person]=updated_at`);
  expect(ids.json.data[0]?.attributes).toEqual({ updated_at: page.json.data[0]?.attributes.updated_at });
});

test('one record, and 404 for one that is not there', async () => {
  const one = await get(simulator, `${people}/${person(5)}`);
  expect(JSON.parse(one.text).data).toEqual(simulator.control.get('people', person(5)));
  simulator.control.delete('people', person(5));
  const gone = await get(simulator, `${people}/${person(5)}`);
  expect(gone.status).toBe(404);
  expect(JSON.parse(gone.text)).toEqual({
    errors: [{ status: '404', title: 'Not Found', detail: 'The resource you requested could not be found' }],
  });
});

test('donations carry amounts and their donor', async () => {
  const page = await get(simulator, '/giving/v2/donations?order=updated_at');
  expect(page.json.meta.total_count).toBe(30);
  const [first] = page.json.data;
  expect(first?.attributes).toMatchObject({ amount_currency: 'USD', amount_cents: expect.any(Number) });
  expect(first?.relationships).toHaveProperty('person');
});

test.each([
  ['an unknown attribute', 'where[shoe_size]=4'],
  ['an unknown order', 'order=shoe_size'],
  ['a malformed date', 'where[updated_at][gte]=yesterday'],
  ['an unknown operator', 'where[updated_at][after]=2020-01-01'],
])('%s is a 400', async (_, query) => {
  expect((await get(simulator, `${people}?${query}`)).status).toBe(400);
});

test('wrong credentials are refused in plain words', async () => {
  const refused = await get(simulator, people, 'app:wrong');
  expect(refused).toMatchObject({ status: 401, text: 'HTTP Basic: Access denied.\n' });
  expect(refused.headers['www-authenticate']).toBe('Basic realm="Application"');
});

test('the 101st request within 20 seconds is refused with Retry-After, and counted', async () => {
  for (let n = 1; n <= 100; n++) expect((await get(simulator, `${people}?per_page=1`)).status).toBe(200);
  await get(simulator, people);
  const refused = await get(simulator, people);
  expect(refused.status).toBe(429);
  expect(refused.headers).toMatchObject({
    'x-pco-api-request-rate-limit': '100',
    'x-pco-api-request-rate-period': '20 seconds',
    'x-pco-api-request-rate-count': '102',
  });
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect(JSON.parse(refused.text)).toEqual({
    errors: [{ code: '429', detail: 'Rate limit exceeded: 102 of 100 requests per 20 seconds' }],
  });
});

test('offsets above 30,000 have a stricter limit of their own', async () => {
  for (let n = 1; n <= 75; n++) await get(simulator, `${people}?offset=30001`);
  expect((await get(simulator, `${people}?offset=30001`)).status).toBe(429);
  expect((await get(simulator, `${people}?offset=30000`)).status).toBe(200);
});
