import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import pino from 'pino';
import { type Engine, startEngine } from '../support/engine';
import { readable } from '../support/recordedHistories';
import { failureOf } from './support';
import { someThings, startThings, type Things } from './thingsSource';

/** Invariant 14: secrets are encrypted at rest, and absent from logs, errors, histories, ids and answers. */
const secret = `s3cr3t/${randomBytes(12).toString('base64')}`;
const bytes = Buffer.from(secret);
const forms = [secret, encodeURIComponent(secret), bytes.toString('base64'), bytes.toString('hex')];
const leaksIn = (text: string) => forms.filter((form) => text.includes(form));

const said: string[] = [];
const failures: unknown[] = [];
let engine: Engine;
let things: Things;

beforeAll(async () => {
  things = await startThings(someThings(30));
  const { connector, source } = things;
  const log = pino(
    { level: 'trace' },
    new Writable({
      write(line, _encoding, done) {
        said.push(String(line));
        done();
      },
    }),
  );
  engine = await startEngine({
    connector,
    settings: { baseUrl: source.baseUrl },
    secrets: { token: secret },
    worker: { log, giveUpAfterMs: 0 },
  });
  await engine.delta('things');
  await engine.reconcile('things');
  await engine.record('things', 't1000');
  // the source repeats the secret wherever it can
  const echo = { 'X-Your-Token': secret };
  const spoiled = [
    { status: 401, body: { error: `the token ${secret} is not known` }, headers: echo },
    { status: 400, body: `Authorization: Bearer ${secret}`, headers: echo },
    { status: 500, body: { authorization: `Bearer ${secret}` }, headers: echo },
    { status: 302, body: '', headers: { Location: `https://evil.example/?token=${encodeURIComponent(secret)}` } },
    { status: 200, body: `<html>${secret}</html>`, headers: echo },
    { status: 200, body: { error: { message: Buffer.from(secret).toString('base64') } } },
    { status: 403, body: { error: secret } },
  ];
  for (const answer of spoiled) {
    things.instead = () => answer;
    await failureOf(engine.delta('things').catch(keep));
    await failureOf(engine.reconcile('things').catch(keep));
  }
  things.instead = () => ({ status: 403, body: { error: secret } });
  await engine.record('things', 't1001');
}, 90_000);

function keep(error: unknown): never {
  failures.push(error);
  throw error;
}

test('the source was sent it, and nobody else', () => {
  expect(things.source.headers.every(({ authorization }) => authorization === `Bearer ${secret}`)).toBe(true);
  expect(things.source.requests.filter((url) => leaksIn(url).length > 0)).toEqual([]);
});

test('logs tell of every failure, without it', () => {
  expect(said.length).toBeGreaterThanOrEqual(failures.length);
  expect(said.filter((line) => leaksIn(line).length > 0)).toEqual([]);
});

test('neither do errors with all their causes', () => {
  const texts = failures.map((error) => {
    const seen: string[] = [];
    for (let at = error; at instanceof Error; at = at.cause) seen.push(at.message, at.stack ?? '', JSON.stringify(at));
    return seen.join('\n');
  });
  expect(texts).toHaveLength(14);
  expect(texts.filter((text) => leaksIn(text).length > 0)).toEqual([]);
});

test('nor histories and workflow ids', async () => {
  let searched = 0;
  for await (const { workflowId, memo, searchAttributes } of engine.temporal.client.workflow.list()) {
    const history = await engine.temporal.client.workflow.getHandle(workflowId).fetchHistory();
    const text = JSON.stringify([workflowId, memo, searchAttributes]) + readable(historyToJSON(history));
    expect([workflowId, leaksIn(text)]).toEqual([workflowId, []]);
    searched += 1;
  }
  expect(searched).toBeGreaterThan(16);
});

test('no column of any table holds it, in text or in bytes', async () => {
  const { rows: tables } = await engine.db.raw(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('tidemark', 'public')`,
  );
  for (const { name } of tables as { name: string }[]) {
    const { rows } = await engine.db.raw(`select t::text as text from ${name} t`);
    expect([name, rows.filter(({ text }: { text: string }) => leaksIn(text).length > 0)]).toEqual([name, []]);
  }
});
