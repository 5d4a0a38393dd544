import { planningCenter } from '../../connectors/planning-center/connector';
import { startPlanningCenterSimulator } from '../../connectors/planning-center/simulator';
import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { EntityInput } from '../../schema/definition/entity';
import type { JsonObject } from '../../schema/json/json';
import {
  json,
  openBudget,
  type row,
  startSource,
  type TestSource,
  testClient,
  testClock,
} from '../../test/support/sources/httpSource';
import { createSourceClient } from '../client';

const signal = new AbortController().signal;
const bad = (findings: readonly ProbeFinding[]) =>
  findings.filter(({ verdict }) => verdict === 'contradicts').map(({ about }) => about);
const of = (findings: readonly ProbeFinding[], about: string) => findings.filter((finding) => finding.about === about);

test('an honest API: every question is answered, nothing contradicts, and each finding shows its request', async () => {
  const credentials = { appId: 'app-of-the-test', secret: 'secret-of-the-test' };
  const simulator = await startPlanningCenterSimulator({ people: 350, donations: 0, ...credentials });
  const [gone] = [...simulator.control.all('people')];
  simulator.control.delete('people', gone?.id ?? '');
  const client = createSourceClient({
    connector: planningCenter,
    connection: { id: 'demo', settings: { baseUrl: simulator.url }, timeZone: 'UTC' },
    secrets: credentials,
    budget: openBudget(),
    clock: testClock,
  });
  simulator.control.clearLog();
  const people = planningCenter.entities.get('people') as ConnectorEntity;
  const { requests, findings } = await client.probe(people, { partition: '', deleted: [gone?.id ?? ''], signal });
  const sent = simulator.control.logSummary().requests;
  await simulator.stop();
  expect(bad(findings)).toEqual([]);
  expect(requests).toBe(sent);
  expect(requests).toBeLessThanOrEqual(25);
  expect(new Set(findings.map(({ about }) => about))).toEqual(
    new Set([
      'list',
      'ids',
      'ids-list',
      'order',
      'cap',
      'timestamps',
      'rate-limit',
      'filter',
      'boundary',
      'errors',
      'end',
      'one',
      'missing',
      'deleted',
    ]),
  );
  expect(of(findings, 'rate-limit')[0]).toMatchObject({
    verdict: 'agrees',
    line: "rateLimit: { requests: 100, per: '20s' }",
  });
  expect(of(findings, 'cap')[0]).toMatchObject({
    finding: expect.stringContaining('capped at 100'),
    line: 'pageSize: 100',
  });
  expect(of(findings, 'timestamps')[0]).toMatchObject({ line: "since: { …, form: 'iso-seconds' }" });
  expect(of(findings, 'deleted')[0]?.finding).toMatch(/answers 404/);
  expect(JSON.stringify(findings)).not.toContain('of-the-test');
});

interface Person {
  readonly id: string;
  readonly name: string;
  readonly updated_at: string | null;
}

const persons: readonly Person[] = Array.from({ length: 30 }, (_, at) => ({
  id: String(100 + at),
  name: `Person ${at}`,
  updated_at: `2026-01-01T00:00:${String(at).padStart(2, '0')}.500Z`,
}));

/** How a source lies. */
interface Lies {
  readonly cap?: number;
  readonly ignoreFilter?: boolean;
  readonly strict?: boolean;
  readonly shuffled?: boolean;
  readonly missing?: { readonly status: number; readonly body: unknown };
  readonly nullVersions?: boolean;
  readonly otherAlone?: boolean;
  readonly errors?: boolean;
}

let source: TestSource | undefined;
afterEach(() => source?.close());

async function probed(lies: Lies, changes: Partial<EntityInput<typeof row, JsonObject>> = {}) {
  let times = 0;
  source = await startSource((_request, response, url) => {
    const id = /^\/people\/(.+)$/.exec(url.pathname)?.[1];
    if (id !== undefined) {
      const found = persons.find((person) => person.id === id);
      if (!found) return json(response, lies.missing?.body ?? { error: 'no' }, lies.missing?.status ?? 404);
      return json(response, lies.otherAlone ? { ...found, name: `${found.name}, alone` } : found);
    }
    const since = url.searchParams.get('since');
    if (since !== null && Number.isNaN(Date.parse(since))) {
      return lies.errors ? json(response, { errors: ['bad'], data: [] }) : json(response, { errors: ['bad'] }, 400);
    }
    const filtered = persons.filter(
      ({ updated_at: at }) =>
        since === null || lies.ignoreFilter || (lies.strict ? (at ?? '') > since : (at ?? '') >= since),
    );
    const size = Math.min(Number(url.searchParams.get('size') ?? 10), lies.cap ?? 1000);
    times += 1;
    const list = lies.shuffled && times % 2 === 0 ? filtered.toReversed() : filtered;
    const data = list.slice(0, size).map((person) => (lies.nullVersions ? { ...person, updated_at: null } : person));
    return json(response, { data, total: filtered.length });
  });
  const page = {
    path: '/people',
    paging: { scheme: 'offset', sizeParam: 'size', pageSize: 10 },
    records: 'data',
    total: 'total',
  } as const;
  const { client, entity } = testClient(source.baseUrl, {
    listings: {
      all: page,
      changes: { ...page, since: { param: 'since', form: 'iso-milliseconds', boundary: 'inclusive' } },
      one: { path: '/people/{id}' },
    },
    ...changes,
  });
  return client.probe(entity, { partition: '', deleted: [], signal });
}

test('without a lie nothing contradicts', async () => {
  expect(bad((await probed({})).findings)).toEqual([]);
});

test.each<[string, Lies, string, RegExp, string]>([
  ['a page cap', { cap: 7 }, 'cap', /10 were asked for and 7 came/, 'pageSize: 7'],
  [
    'a filter that does not filter',
    { ignoreFilter: true },
    'filter',
    /the filter is ignored/,
    "since: { param: 'since', … }",
  ],
  [
    'a strict boundary',
    { strict: true },
    'boundary',
    /the boundary is exclusive/,
    "since: { …, boundary: 'exclusive' }",
  ],
  [
    'an unstable order',
    { shuffled: true },
    'order',
    /another order/,
    'query: { order: … }   // a field that never changes',
  ],
  [
    'a deleted record behind 200',
    { missing: { status: 200, body: { message: 'not found' } } },
    'missing',
    /answers 200/,
    'gone: { record: (r) => r.message !== undefined }   // where it says that the record is gone',
  ],
  [
    'a 400 for what is missing',
    { missing: { status: 400, body: { error: 'bad id' } } },
    'missing',
    /answers 400/,
    'gone: { statuses: [404, 410, 400] }',
  ],
  [
    'versions that are null',
    { nullVersions: true },
    'timestamps',
    /no record has a version/,
    "deltaSyncField: { name: …, kind: 'instant' }",
  ],
  [
    'list and one that disagree',
    { otherAlone: true },
    'one',
    /disagree in name/,
    'map: …   // take name only where both show it',
  ],
  ['an error behind 200', { errors: true }, 'errors', /errors hide behind 200/, "error: 'errors'"],
])('%s is seen, with the line that mends it', async (_name, lies, about, finding, line) => {
  const { findings, requests } = await probed(lies);
  expect(bad(findings)).toContain(about);
  expect(findings).toContainEqual({
    about,
    verdict: 'contradicts',
    finding: expect.stringMatching(finding),
    request: expect.stringMatching(/^GET http/),
    line,
  });
  expect(requests).toBeLessThanOrEqual(25);
});

test('another form of timestamp than the cursor goes back in', async () => {
  const page = {
    path: '/people',
    paging: { scheme: 'offset', sizeParam: 'size', pageSize: 10 },
    records: 'data',
  } as const;
  const since = { param: 'since', form: 'iso-seconds', boundary: 'inclusive' } as const;
  const { findings } = await probed({}, { listings: { all: page, changes: { ...page, since } } });
  expect(of(findings, 'timestamps')).toEqual([
    expect.objectContaining({ verdict: 'contradicts', line: "since: { …, form: 'iso-milliseconds' }" }),
  ]);
  expect(of(findings, 'one')[0]).toMatchObject({ verdict: 'unknown' });
});

test('a list that is none ends the probe with that finding', async () => {
  const { findings, requests } = await probed(
    {},
    { listings: { all: { path: '/people', paging: { scheme: 'none' }, records: 'items' } } },
  );
  expect(findings).toEqual([
    expect.objectContaining({
      about: 'list',
      verdict: 'contradicts',
      finding: expect.stringContaining("'items' in the body is not a list"),
    }),
  ]);
  expect(requests).toBe(1);
});

test('credentials that are refused, and a source that asks to wait, are thrown', async () => {
  for (const [status, type] of [
    [401, 'CredentialsRefused'],
    [429, 'SourceAsksToWait'],
  ] as const) {
    await source?.close();
    source = await startSource((_request, response) =>
      json(response, { error: 'no' }, status, { 'Retry-After': '30' }),
    );
    const { client, entity } = testClient(source.baseUrl);
    await expect(client.probe(entity, { partition: '', deleted: [], signal })).rejects.toMatchObject({ type });
    expect(source.requests).toHaveLength(1);
  }
});
