import { Faults } from '../../simulator/faults';
import { type Simulator, startPlanningCenterSimulator } from './server';
import { get, idsOf } from './testClient';

let simulator: Simulator;
const list = '/people/v2/people?per_page=10';

beforeEach(async () => {
  simulator = await startPlanningCenterSimulator({
    people: 50,
    donations: 5,
    appId: 'app',
    secret: 'key',
    rateLimit: false,
  });
});
afterEach(() => simulator.stop());

describe('when', () => {
  test('skip and count choose which of the matching requests are struck', () => {
    const faults = new Faults();
    faults.add({ match: '/people', skip: 1, count: 2, fault: { kind: 'html' } });
    const struck = ['/people', '/donations', '/people', '/people', '/people'].map((path) => faults.strike(path).length);
    expect(struck).toEqual([0, 0, 1, 1, 0]);
    expect(faults.list()).toMatchObject([{ matched: 4, struck: 2 }]);
  });

  test('a match between slashes is a regular expression over method, path and query', () => {
    const faults = new Faults();
    faults.add({ match: '/offset=[1-9]0(&|$)/', fault: { kind: 'null' } });
    expect(faults.strike('GET /people/v2/people?offset=20')).toHaveLength(1);
    expect(faults.strike('GET /people/v2/people?offset=200')).toHaveLength(0);
  });

  test('probability strikes some, the same ones in every run', () => {
    const outcome = () => {
      const faults = new Faults();
      faults.add({ probability: 0.3, fault: { kind: 'null' } });
      return Array.from({ length: 1000 }, () => faults.strike('GET /').length);
    };
    const struck = outcome().reduce((sum, n) => sum + n, 0);
    expect(struck).toBeGreaterThan(230);
    expect(struck).toBeLessThan(370);
    expect(outcome()).toEqual(outcome());
  });

  test('a removed rule strikes no more', async () => {
    const first = simulator.control.addFault({ fault: { kind: 'status', status: 500 } });
    simulator.control.addFault({ fault: { kind: 'gzip' } });
    simulator.control.clearFaults(first);
    expect((await get(simulator, list)).status).toBe(200);
    expect(simulator.control.faults()).toHaveLength(1);
  });
});

describe('spoiled answers', () => {
  test.each([
    ['status', { kind: 'status', status: 403 }, 403, 'You do not have access to this resource'],
    ['status with body', { kind: 'status', status: 500, body: 'oops' }, 500, 'oops'],
    ['html', { kind: 'html' }, 200, '<!DOCTYPE html>'],
    ['null', { kind: 'null' }, 200, 'null'],
    ['errorBody', { kind: 'errorBody' }, 200, '"errors":['],
    ['body', { kind: 'body', body: '{"data":{}}' }, 200, '{"data":{}}'],
  ] as const)('%s', async (_, fault, status, text) => {
    simulator.control.addFault({ fault });
    const answer = await get(simulator, list);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(text);
    expect(simulator.control.log()[0]).toMatchObject({ status, faults: [fault.kind] });
  });

  test('empty', async () => {
    simulator.control.addFault({ fault: { kind: 'empty' } });
    expect(await get(simulator, list)).toMatchObject({ status: 200, text: '' });
  });

  test('429 with its header', async () => {
    simulator.control.addFault({
      count: 1,
      fault: { kind: 'status', status: 429, headers: { 'Retry-After': '0.5' } },
    });
    expect((await get(simulator, list)).headers['retry-after']).toBe('0.5');
    expect((await get(simulator, list)).status).toBe(200);
  });

  test('truncated JSON is a complete response that does not parse', async () => {
    simulator.control.addFault({ fault: { kind: 'truncatedJson' } });
    const { status, text } = await get(simulator, list);
    expect(status).toBe(200);
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
  });

  test.each([{ kind: 'cut' }, { kind: 'reset' }] as const)('$kind breaks the connection', async (fault) => {
    simulator.control.addFault({ fault });
    await expect(get(simulator, list)).rejects.toThrow(/aborted|hang up|ECONNRESET/);
  });

  test('hang never answers, and stop still ends', async () => {
    simulator.control.addFault({ match: '/people', fault: { kind: 'hang' } });
    const hanging = get(simulator, list);
    hanging.catch(() => 'expected');
    expect((await get(simulator, '/giving/v2/donations')).status).toBe(200);
    await simulator.stop();
    await expect(hanging).rejects.toThrow();
  });

  test('slow is late and right', async () => {
    simulator.control.addFault({ fault: { kind: 'slow', ms: 120 } });
    expect((await get(simulator, list)).json.data).toHaveLength(10);
    expect(simulator.control.log()).toMatchObject([{ status: 200, faults: ['slow'] }]);
  });

  test('redirect carries path and query along', async () => {
    simulator.control.addFault({ fault: { kind: 'redirect', location: 'http://other.example{path}' } });
    const answer = await get(simulator, list);
    expect(answer.status).toBe(302);
    expect(answer.headers.location).toBe(`http://other.example${list}`);
  });

  test('gzip, and a bomb', async () => {
    const rule = simulator.control.addFault({ fault: { kind: 'gzip' } });
    expect((await get(simulator, list)).headers['content-encoding']).toBe('gzip');
    simulator.control.clearFaults(rule);
    simulator.control.addFault({ fault: { kind: 'gzipBomb', megabytes: 3 } });
    const response = await fetch(`${simulator.url}${list}`, {
      headers: { authorization: `Basic ${btoa('app:key')}` },
    });
    expect(Number(response.headers.get('content-length'))).toBeLessThan(20_000);
    expect((await response.text()).length).toBe(3 * 1024 * 1024);
  });
});

describe('lists that lie', () => {
  const since = '/people/v2/people?order=updated_at&where[updated_at][gte]=2030-01-01T00:00:00Z';

  test('ignoreFilter lists everything, emptyFilter nothing', async () => {
    expect((await get(simulator, since)).json.meta.total_count).toBe(0);
    const rule = simulator.control.addFault({ fault: { kind: 'ignoreFilter' } });
    expect((await get(simulator, since)).json.meta.total_count).toBe(50);
    simulator.control.clearFaults(rule);
    simulator.control.addFault({ fault: { kind: 'emptyFilter' } });
    const filtered = '/people/v2/people?where[updated_at][gte]=1970-01-01T00:00:00Z';
    expect((await get(simulator, filtered)).json).toMatchObject({ data: [], meta: { total_count: 0 } });
    expect((await get(simulator, list)).json.data).toHaveLength(10);
  });

  test('capPageSize gives less than asked and goes on from there', async () => {
    simulator.control.addFault({ fault: { kind: 'capPageSize', max: 4 } });
    const page = await get(simulator, list);
    expect(page.json).toMatchObject({ meta: { count: 4, next: { offset: 4 }, total_count: 50 } });
  });

  test('shortPage drops records and promises more', async () => {
    simulator.control.addFault({ fault: { kind: 'shortPage', keep: 3 } });
    const page = await get(simulator, list);
    expect(page.json).toMatchObject({ meta: { count: 3, next: { offset: 10 }, total_count: 50 } });
  });

  test('wrongTotal', async () => {
    simulator.control.addFault({ fault: { kind: 'wrongTotal', by: 7 } });
    expect((await get(simulator, list)).json.meta.total_count).toBe(57);
  });

  test('repeatNext leads back to the same page', async () => {
    simulator.control.addFault({ fault: { kind: 'repeatNext' } });
    const page = await get(simulator, `${list}&offset=20`);
    expect(page.json.meta.next?.offset).toBe(20);
    expect(page.json.links.next).toContain('offset=20');
  });

  test('doubleRecord, emptyList', async () => {
    simulator.control.addFault({ count: 1, fault: { kind: 'doubleRecord' } });
    const ids = idsOf(await get(simulator, list));
    expect(ids).toHaveLength(11);
    expect(ids[10]).toBe(ids[0]);
    simulator.control.addFault({ fault: { kind: 'emptyList' } });
    expect((await get(simulator, list)).json).toMatchObject({ data: [], meta: { total_count: 0 } });
  });

  test('window ends the list early and calls that the total', async () => {
    simulator.control.addFault({ fault: { kind: 'window', max: 15 } });
    const page = await get(simulator, `${list}&offset=10`);
    expect(page.json).toMatchObject({ meta: { count: 5, total_count: 15 } });
    expect(page.json.links.next).toBeUndefined();
  });
});
