import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { parse } from 'yaml';
import { z } from 'zod';
import { planningCenter } from '../../connectors/planning-center/connector';
import type { Simulator } from '../../connectors/planning-center/simulator';
import { connectDatabase } from '../../destination/database/database';
import { readSettings } from '../../schema/settings/settings';
import { createLogger } from '../../telemetry/logger';
import { atEnd } from '../../test/environment';
import { type Engine, encryptionKey, startChurch } from '../../test/support/engine';
import { createWorkerMetrics } from '../../workers/metrics';
import { type RunningServer, startServer } from '../server';
import { serveMetrics } from './serveMetrics';

const root = join(__dirname, '..', '..');
const key = 'the-key-of-the-api';
const settings = readSettings({
  OAUTH_ENCRYPTION_KEY: encryptionKey,
  TIDEMARK_API_KEY: key,
  PORT: '0',
  METRICS_PORT: '0',
});
const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
const { metrics, registry } = createWorkerMetrics();
let engine: Engine;
let control: Simulator['control'];

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: 60 }, { metrics }));
});

async function serverOn(db: Engine['db']): Promise<RunningServer> {
  const { temporal, taskQueue } = engine;
  const server = await startServer({
    settings,
    config: { connectors: [planningCenter] },
    ...{ db, temporal, taskQueue, logTo: silent },
  });
  atEnd(() => server.close());
  return server;
}

/** Values by `name{labels}`, as Prometheus would read them. */
async function scrape(url: string): Promise<Map<string, number>> {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${key}` } });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/plain/)]);
  return valuesOf(await answer.text());
}

function valuesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

const people = 'connection="demo",entity="people"';

test('what the database knows is told at each scrape, and what is no longer so is gone', async () => {
  const { db } = engine;
  await engine.delta('people');
  for (const { id } of [...control.all('people')].slice(0, 40)) control.delete('people', id);
  await engine.reconcile('people');
  await db.raw(`update planning_center_people set _disputed_at = now() where external_id in
    (select external_id from planning_center_people order by 1 limit 3)`);
  await db.raw(`insert into tidemark.inbox (connection_id, event_id, type, entity, external_id, body, opened_at)
    values ('demo', 'e-1', 'person.updated', 'people', '1', '{}', now() - interval '1 hour')`);
  await db.raw(`insert into tidemark.set_aside (connection_id, entity, external_id, reason, detail, raw, raw_hash)
    values ('demo', 'people', '7', 'invalid', 'no name', '{}', '')`);
  await db.raw(`insert into tidemark.budgets (account, slice_ends, slice_counts, blocked_until)
    values ('demo', array[extract(epoch from now() + interval '10 seconds') * 1000]::bigint[], '{50}', now() + interval '1 hour')
    on conflict (account) do update set slice_ends = excluded.slice_ends, slice_counts = excluded.slice_counts, blocked_until = excluded.blocked_until`);
  const { url } = await serverOn(db);
  const values = await scrape(url);
  expect(values.get('tidemark_database_up')).toBe(1);
  expect(values.get(`tidemark_lag_seconds{${people}}`)).toBeGreaterThan(0);
  expect(values.get(`tidemark_rows_disputed{${people}}`)).toBe(3);
  expect(values.get(`tidemark_plans_waiting{${people}}`)).toBe(1);
  expect(values.get(`tidemark_inbox_open{${people}}`)).toBe(1);
  expect(values.get(`tidemark_inbox_oldest_seconds{${people}}`)).toBeGreaterThan(3_500);
  expect(values.get(`tidemark_set_aside_open{${people},reason="invalid"}`)).toBe(1);
  expect(values.get(`tidemark_last_run_succeeded{${people},strategy="delta"}`)).toBe(1);
  const { requests = 0 } = planningCenter.rateLimit ?? {};
  expect(values.get('tidemark_budget_used_ratio{connection="demo"}')).toBeCloseTo(50 / requests);
  expect(values.get('tidemark_budget_blocked_seconds{connection="demo"}')).toBeGreaterThan(3_000);

  await db.raw('update planning_center_people set _disputed_at = null');
  await db.raw("update tidemark.connections set enabled = false where id = 'demo'");
  // a second server: the first may still answer from its memory
  const later = await scrape((await serverOn(db)).url);
  expect(later.has(`tidemark_rows_disputed{${people}}`)).toBe(false);
  expect(later.has(`tidemark_lag_seconds{${people}}`)).toBe(false);
  await db.raw("update tidemark.connections set enabled = true where id = 'demo'");
});

test('a worker counts rows, requests and runs, and tells them behind the key', async () => {
  const endpoint = await serveMetrics(settings, registry, createLogger('silent'));
  if (endpoint === undefined) throw new Error('METRICS_PORT was not taken');
  atEnd(() => endpoint.close());
  expect((await fetch(`${endpoint.url}/metrics`)).status).toBe(401);
  expect((await fetch(`${endpoint.url}/healthz`)).status).toBe(200);
  const values = await scrape(endpoint.url);
  expect(values.get(`tidemark_rows_total{${people},outcome="inserted"}`)).toBe(60);
  expect(values.get('tidemark_source_requests_total{connection="demo",status="200"}')).toBeGreaterThan(0);
  expect(values.get(`tidemark_runs_total{${people},strategy="delta",status="succeeded"}`)).toBe(1);
  expect(values.get(`tidemark_runs_total{${people},strategy="reconciliation",status="waiting"}`)).toBe(1);
  expect(await serveMetrics({ ...settings, metricsPort: undefined }, registry, createLogger('silent'))).toBeUndefined();
  await expect(
    serveMetrics({ ...settings, host: '0.0.0.0', apiKey: undefined }, registry, createLogger('silent')),
  ).rejects.toThrow(/TIDEMARK_API_KEY/);
});

test('with PostgreSQL away a scrape succeeds and says so', async () => {
  const db = connectDatabase('postgres://127.0.0.1:1/x', { connectTimeoutMs: 1_000 });
  atEnd(() => db.destroy());
  const { url } = await serverOn(db);
  const values = await scrape(url);
  expect(values.get('tidemark_database_up')).toBe(0);
  expect([...values.keys()].filter((name) => name.startsWith('tidemark_lag'))).toEqual([]);
  expect((await fetch(`${url}/metrics`)).status).toBe(401);
});

const rule = z.strictObject({
  alert: z.string().regex(/^Tidemark[A-Z]/),
  expr: z.string(),
  for: z
    .string()
    .regex(/^\d+[mh]$/)
    .optional(),
  labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
  annotations: z.strictObject({ summary: z.string(), runbook: z.string() }),
});

test('the example alerts name metrics that there are, and chapters of the operations guide', async () => {
  const { groups } = z
    .object({ groups: z.array(z.object({ rules: z.array(rule) })) })
    .parse(parse(readFileSync(join(root, 'docs', 'alerts.yml'), 'utf8')));
  const { url } = await serverOn(engine.db);
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${key}` } });
  const told = new Set(
    [...`${await answer.text()}\n${await registry.metrics()}`.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name),
  );
  const guide = readFileSync(join(root, 'docs', 'operations.md'), 'utf8');
  const anchors = [...guide.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replace(/\s/g, '-'),
  );
  for (const { expr, annotations } of groups.flatMap(({ rules }) => rules)) {
    const names = [...expr.matchAll(/\btidemark_\w+/g)].map(([name]) => name);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(told).toContain(name);
    const [file, anchor] = annotations.runbook.split('#');
    expect(file).toBe('docs/operations.md');
    expect(anchors).toContain(anchor);
  }
  // and the guide names no metric that there is not
  for (const [name] of guide.matchAll(/\btidemark_(?!db\b)\w+/g)) expect(told).toContain(name);
});
