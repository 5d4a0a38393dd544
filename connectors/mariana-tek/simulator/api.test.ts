import { send } from '../../simulator/testClient';
import { type MarianaTekSimulator, startMarianaTekSimulator } from './index';
import { ask, harbour, newToken, parsed, summit } from './testClient';

let simulator: MarianaTekSimulator;
beforeEach(async () => {
  simulator = await startMarianaTekSimulator({ brands: [harbour, summit], rateLimit: false, day: '2026-11-27' });
});
afterEach(() => simulator.stop());

const report = '/api/table_report_data?id=341&slug=reservations';
const range = '&min_start_date_day=2026-10-01&max_start_date_day=2026-10-03';

describe('tokens', () => {
  test('a password gets a short token, and a refresh token gets the next one, once', async () => {
    const first = await newToken(simulator);
    expect(first.json).toMatchObject({ expires_in: 600, token_type: 'Bearer' });
    expect((await ask(simulator, '/api/users', { token: first.json.access_token })).status).toBe(200);
    const refresh = { grant_type: 'refresh_token', refresh_token: first.json.refresh_token, client_id: 'client' };
    expect((await newToken(simulator, refresh)).status).toBe(200);
    const again = await newToken(simulator, refresh);
    expect([again.status, again.json]).toEqual([400, { error: 'invalid_grant' }]);
  });

  test('a wrong password, a wrong client, the token of another brand and none at all are refused', async () => {
    const wrong = await newToken(simulator, { grant_type: 'password', username: 'ada', password: 'no' });
    expect([wrong.status, wrong.json.error]).toEqual([400, 'invalid_grant']);
    const client = { grant_type: 'password', username: 'ada', password: 'pass', client_id: 'other' };
    expect((await newToken(simulator, client)).json.error).toBe('invalid_client');
    const { access_token: token } = (await newToken(simulator, undefined, 'summit')).json;
    expect((await ask(simulator, '/api/users', { token })).status).toBe(401);
    const none = parsed(await send(`${simulator.urls.harbour}/api/users`));
    expect([none.status, none.json.detail]).toEqual([401, 'Authentication credentials were not provided.']);
  });

  test('by switch, a client that does not name itself gets a token that may read no data', async () => {
    simulator.control.setTokens('harbour', { limitedWithoutClient: true });
    const { access_token: token, scope } = (await newToken(simulator)).json;
    expect([scope, (await ask(simulator, '/api/users', { token })).status]).toEqual(['read:account', 403]);
  });
});

describe('lists', () => {
  test('come in pages of the asked size, whatever `per_page` says, and end with 404 beyond the last', async () => {
    const { json } = await ask(simulator, '/api/users?page=2&page_size=120&per_page=7');
    expect(json.data).toHaveLength(120);
    expect(json.meta.pagination).toEqual({ count: 300, pages: 3, page: 2, per_page: 120 });
    expect((await ask(simulator, '/api/users?page=4&page_size=120')).status).toBe(404);
  });

  test('of orders and memberships are filtered by their last change; of users and class sessions they are not', async () => {
    const far = 'min_updated_datetime=2099-01-01T00:00:00Z';
    const counts = async (kind: string) => (await ask(simulator, `/api/${kind}?${far}`)).json.meta.pagination.count;
    expect([await counts('orders'), await counts('membership_instances')]).toEqual([0, 0]);
    expect([await counts('users'), await counts('class_sessions')]).toEqual([300, 100]);
  });

  test('class sessions are filtered by their day', async () => {
    const { json } = await ask(simulator, '/api/class_sessions?min_date=2026-11-26&max_date=2026-11-27');
    const days = json.data.map((one) => one.attributes.start_date);
    expect([...new Set(days)].sort()).toEqual(['2026-11-26', '2026-11-27']);
  });
});

describe('reports', () => {
  test('have another id in each brand under the same slug', async () => {
    const idsOf = async (brand: string) => {
      const { json } = await ask(simulator, '/api/table_reports', { brand });
      return json.data.map(({ id, attributes }) => [attributes.slug, id]);
    };
    expect(await idsOf('harbour')).toEqual([
      ['reservations', '341'],
      ['customers-details', '342'],
    ]);
    expect(await idsOf('summit')).toEqual([
      ['reservations', '382'],
      ['customers-details', '383'],
    ]);
    expect((await ask(simulator, report, { brand: 'summit' })).status).toBe(404);
  });

  test('hold at most 500 rows at once and say when there are more', async () => {
    const { attributes: all } = (await ask(simulator, `${report}&page_size=1000`)).json.data;
    expect([all.rows.length, all.max_results_exceeded]).toEqual([500, true]);
    const { attributes: some } = (await ask(simulator, report + range)).json.data;
    expect(some.max_results_exceeded).toBe(false);
    const day = some.headers.indexOf('Class Start Date');
    expect([...new Set(some.rows.map((row) => row[day]))].sort()).toEqual(['2026-10-01', '2026-10-02', '2026-10-03']);
  });

  test('ignore a filter of another name without a word', async () => {
    const { attributes } = (await ask(simulator, `${report}&min_class_date=2099-01-01`)).json.data;
    expect(attributes.max_results_exceeded).toBe(true);
  });

  test('have other headers in the other brand', async () => {
    const { attributes } = (await ask(simulator, report.replace('341', '382'), { brand: 'summit' })).json.data;
    expect(attributes.headers).toEqual(expect.arrayContaining(['Booking ID', 'Class Date', 'Email Address']));
  });

  test('a job is started by GET, polled, and its document read from another host without a token', async () => {
    simulator.control.jobs.takesMs = 60_000;
    const { json } = await ask(simulator, `/api/async_table_report_data?id=341&slug=reservations&page_size=3${range}`);
    const poll = `/api/async_table_report_data/job_status?id=${json.data[0]?.id}`;
    expect((await ask(simulator, poll)).json.data).toEqual({ status: 'processing', s3_link: null });
    simulator.control.setClock({ offsetMs: 61_000 });
    const { status, s3_link: link } = (await ask(simulator, poll)).json.data;
    expect([status, link.startsWith(`${simulator.storageUrl}/exports/`)]).toEqual(['complete', true]);
    const document = parsed(await send(link));
    expect(Object.keys(document.json)).toEqual(['id', 'name', 'headers', 'rows', 'total_records']);
    expect(document.json.rows).toHaveLength(document.json.total_records);
    expect((await send(link, { headers: { authorization: 'Bearer the-key' } })).status).toBe(400);
    simulator.control.setClock({ offsetMs: 61_000 + 121_000 });
    expect((await send(link)).status).toBe(403);
    const { s3_link: fresh } = (await ask(simulator, poll)).json.data;
    expect((await send(fresh)).status).toBe(200);
  });

  test('jobs fail by switch', async () => {
    simulator.control.decideJobs('failed', 'unknown-state', 'rows-missing');
    const ended = async () => {
      const { json } = await ask(simulator, `/api/async_table_report_data?id=341${range}`);
      return (await ask(simulator, `/api/async_table_report_data/job_status?id=${json.data[0]?.id}`)).json.data;
    };
    expect([(await ended()).status, (await ended()).status]).toEqual(['failed', 'archived']);
    const { rows, total_records: total } = parsed(await send((await ended()).s3_link)).json;
    expect(rows.length).toBeLessThan(total);
  });
});

test('a client that asks too often is told how long to wait', async () => {
  simulator.control.setRateLimit({ requests: 1, perSeconds: 60 });
  await ask(simulator, '/api/users');
  const refused = await ask(simulator, '/api/users');
  expect([refused.status, Number(refused.headers['retry-after']) > 0]).toEqual([429, true]);
  expect(refused.json.detail).toMatch(/^Request was throttled\. Expected available in \d+ seconds\.$/);
});
