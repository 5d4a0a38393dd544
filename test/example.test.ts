import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { loadConfig } from '../clients/config';
import { signingKeys, verifySignature } from '../clients/webhooks/signature';
import type { Connector } from '../schema/definition/connector';
import { atEnd } from './environment';
import { type Engine, startEngine } from './support/engine';
import { quick } from './support/quick';
import { json, startSource, type TestSource } from './support/sources/httpSource';

/** The README's example connector, loaded as a user's is, against a small GitHub. */
interface Issue {
  number: number;
  title: string;
  state: string;
  user: { login: string };
  created_at: string;
  updated_at: string;
}

const issues = new Map<number, Issue>();
const hour = 3_600_000;
const second = (milliseconds: number) => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
let connector: Connector;
let source: TestSource;
let engine: Engine;

/** Lists and single issues as https://docs.github.com/en/rest/issues/issues says: at most 100 a page, 410 for a deleted issue. */
async function startGitHub(): Promise<TestSource> {
  return startSource((request, response, url) => {
    const [, list, number] = /^(\/repos\/acme\/site\/issues)(?:\/(\d+))?$/.exec(url.pathname) ?? [];
    if (request.headers.authorization !== 'Bearer token-1') return json(response, { message: 'Bad credentials' }, 401);
    if (list === undefined) return json(response, { message: 'Not Found' }, 404);
    if (number !== undefined) {
      const issue = issues.get(Number(number));
      return issue ? json(response, issue) : json(response, { message: 'This issue was deleted' }, 410);
    }
    const { since = '', sort, direction, per_page = '30', page = '1' } = Object.fromEntries(url.searchParams);
    const field = sort === 'updated' ? 'updated_at' : 'created_at';
    const size = Math.min(Number(per_page), 100);
    const found = [...issues.values()]
      .filter(({ updated_at }) => updated_at >= since)
      .sort((a, b) => a[field].localeCompare(b[field]) || a.number - b.number);
    if (direction !== 'asc') found.reverse();
    return json(response, found.slice((Number(page) - 1) * size, Number(page) * size));
  });
}

beforeAll(async () => {
  const began = Date.now() - 24 * hour;
  for (let number = 1; number <= 150; number++) {
    const at = second(began + number * 1000);
    issues.set(number, {
      ...{ number, title: `Issue ${number}`, state: 'open', created_at: at, updated_at: at },
      user: { login: 'ada' },
    });
  }
  const { connectors } = await loadConfig(join(__dirname, '..', 'docs', 'examples'));
  if (connectors[0] === undefined) throw new Error('the example registers no connector');
  [connector] = [connectors[0]];
  source = await startGitHub();
  atEnd(() => source.close());
  engine = await startEngine({
    connector: quick(connector),
    settings: { baseUrl: source.baseUrl, owner: 'acme', repo: 'site' },
    secrets: { token: 'token-1', webhookSecret: 'hook' },
  });
});

async function titles(): Promise<Map<string, unknown>> {
  const rows = await engine.rows('github_issues');
  return new Map([...rows].map(([id, row]) => [id, row.title]));
}

const atSource = () => new Map([...issues.values()].map(({ number, title }) => [String(number), title]));

test('the first sync reads every page, and a delta only what changed', async () => {
  expect((await engine.delta('issues')).counts).toMatchObject({ inserted: 150, errors: 0 });
  expect(await titles()).toEqual(atSource());
  expect((await engine.rows('github_issues')).get('1')).toMatchObject({
    author: 'ada',
    state: 'open',
  });
  Object.assign(issues.get(7) ?? {}, { title: 'Renamed', updated_at: second(Date.now()) });
  expect((await engine.delta('issues')).counts).toMatchObject({ updated: 1, inserted: 0 });
  expect(await titles()).toEqual(atSource());
});

test('a reconciliation finds what was deleted without a word', async () => {
  issues.delete(9);
  expect(await engine.reconcile('issues')).toMatchObject({ outcome: 'succeeded', deleted: 1 });
  expect(await titles()).toEqual(atSource());
});

test('a signed webhook names the issue, and the issue is fetched', async () => {
  const body = Buffer.from(JSON.stringify({ action: 'edited', issue: { number: 8, title: 'not trusted' } }));
  const headers = {
    'x-github-event': 'issues',
    'x-github-delivery': 'd-1',
    'x-hub-signature-256': `sha256=${createHmac('sha256', 'hook').update(body).digest('hex')}`,
  };
  const { webhooks } = connector;
  if (webhooks === undefined) throw new Error('the example declares no webhooks');
  const keys = signingKeys(webhooks.signature, 'hook');
  expect(verifySignature(webhooks.signature, keys, { headers, body }, Date.now())).toBe('valid');
  const events = webhooks.events({ headers, body: JSON.parse(body.toString()) });
  expect(events).toEqual([{ eventId: 'd-1', type: 'issues', entity: 'issues', id: '8' }]);
  expect(webhooks.events({ headers: { ...headers, 'x-github-event': 'ping' }, body: { zen: '' } })).toEqual([
    { eventId: 'd-1', type: 'ping' },
  ]);

  Object.assign(issues.get(8) ?? {}, { title: 'Edited', updated_at: second(Date.now()) });
  expect(await engine.record('issues', '8')).toMatchObject({ outcome: 'updated' });
  expect((await titles()).get('8')).toBe('Edited');
});
