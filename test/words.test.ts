import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Fastify from 'fastify';
import { countAnswers, createRegistry } from '../clients/http/metrics';
import { addFactMetrics } from '../clients/http/metrics/factMetrics';
import { connectDatabase } from '../destination/database/database';
import { createWorkerMetrics } from '../workers/metrics';
import { messagesIn } from './support/messages';
import { refusedWords } from './support/words';

/** Words that CONTRIBUTING.md rules out, in everything that operators and authors read. */
const root = join(__dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const tracked = (...patterns: string[]) =>
  execFileSync('git', ['ls-files', ...patterns], { cwd: root, encoding: 'utf8' })
    .trim()
    .split('\n');

const documents = tracked('*.md', 'docs/*.yml', 'docs/examples');
const withoutTheRules = (text: string) => text.replace(/## Rules for words\n[\s\S]*?(?=\n## )/, '');

test.each(documents)('%s uses the words of the house', (file) => {
  expect(refusedWords(withoutTheRules(read(file)))).toEqual([]);
});

test('help of metrics', async () => {
  // the pool opens no connection before the first scrape
  const db = connectDatabase('postgres://nobody@127.0.0.1:1/none');
  const server = createRegistry();
  countAnswers(Fastify(), server);
  addFactMetrics(server, { db, connectors: [], log: { warn: () => undefined } });
  const { registry: worker } = createWorkerMetrics();
  const ours = [...(await server.getMetricsAsJSON()), ...(await worker.getMetricsAsJSON())].filter(({ name }) =>
    name.startsWith('tidemark_'),
  );
  expect(ours.length).toBeGreaterThan(10);
  expect(ours.flatMap(({ help }) => refusedWords(help))).toEqual([]);
});

/** Folders whose errors, logs and other texts are clean. */
const folders = [
  ...['activities', 'destination', 'local', 'schema', 'source', 'telemetry', 'workers', 'workflows'],
  ...['clients/schedules', 'clients/webhooks'],
];

test.each(folders)('errors and logs of %s/', (folder) => {
  // what a released migration says is never edited
  const files = tracked(`${folder}/*.ts`).filter((file) => !/\.test\.ts$|^schema\/migrations\//.test(file));
  const messages = files.flatMap((file) => messagesIn(join(root, file)).map((text) => ({ file, text })));
  expect(messages.length).toBeGreaterThan(0);
  expect(messages.flatMap(({ file, text }) => refusedWords(text).map((found) => `${file}: ${found}`))).toEqual([]);
});

test('the check finds a refused word, and only as a whole word', () => {
  expect(refusedWords('A wrong value is told by name.')).toHaveLength(1);
  expect(refusedWords('So many rows at once, and\nanother is on already.')).toHaveLength(2);
  expect(refusedWords('Besides, an amendment was stored on disk; everything that is on disk stays.')).toEqual([]);
});
