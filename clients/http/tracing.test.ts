import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { readSettings } from '../../schema/settings/settings';
import { createExporter } from '../../telemetry/exporter';
import { createLogger } from '../../telemetry/logger';
import { parseTraceparent, Tracer } from '../../telemetry/trace';
import { atEnd } from '../../test/environment';
import { encryptionKey, startChurch } from '../../test/support/engine';
import { startServer } from '../server';
import { connectTemporalLater } from '../temporal/temporal';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
  readonly service: string;
}

/** A collector, as far as we need one: it takes OTLP as JSON and keeps what it got. */
async function startCollector(): Promise<{ url: string; spans: Span[]; authorizations: Set<string> }> {
  const spans: Span[] = [];
  const authorizations = new Set<string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      authorizations.add(`${request.method} ${request.url} ${request.headers.authorization}`);
      for (const { resource, scopeSpans } of JSON.parse(Buffer.concat(chunks).toString()).resourceSpans) {
        const service = resource.attributes[0].value.stringValue;
        for (const { spans: found } of scopeSpans) spans.push(...found.map((span: Span) => ({ ...span, service })));
      }
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, authorizations };
}

test('one trace from the webhook that came to the row that was written', async () => {
  const collector = await startCollector();
  const log = createLogger('silent');
  const exporter = createExporter({ endpoint: collector.url, headers: {}, service: 'tidemark-worker', log });
  const { engine, control } = await startChurch({ people: 3 }, { tracer: new Tracer(exporter) });
  const settings = readSettings({
    ...{ OAUTH_ENCRYPTION_KEY: encryptionKey, TIDEMARK_API_KEY: 'key', PORT: '0' },
    ...{ TEMPORAL_ADDRESS: engine.temporal.address, TEMPORAL_NAMESPACE: engine.temporal.namespace },
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20collector-key,x-team=data',
  });
  const temporal = connectTemporalLater(settings);
  atEnd(() => temporal.connection.close());
  const server = await startServer({
    settings,
    config: { connectors: [engine.connector] },
    ...{ db: engine.db, temporal, taskQueue: engine.taskQueue },
    logTo: new Writable({ write: (_chunk, _encoding, done) => done() }),
  });
  atEnd(() => server.close());

  await engine.delta('people');
  const { id } = [...control.all('people')][0] as { id: string };
  control.change('people', id, { attributes: { last_name: 'Married' } });
  const payload = JSON.stringify({ data: { type: 'Person', id } });
  const attributes = { name: 'people.v2.events.person.updated', attempt: 1, payload };
  const body = JSON.stringify({ data: [{ id: 'e-1', type: 'EventDelivery', attributes }] });
  const trace = 'ab'.repeat(16);
  const answer = await fetch(`${server.url}/webhooks/demo`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-pco-webhooks-authenticity': createHmac('sha256', 'hook').update(body).digest('hex'),
      traceparent: `00-${trace}-${'cd'.repeat(8)}-01`,
    },
  });
  expect(answer.status).toBeLessThan(300);
  const open = () => engine.database.query('select 1 from tidemark.inbox where done_at is null');
  while ((await open()).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  await engine.worker.stop();
  await Promise.all([server.close(), exporter.close()]);

  const ours = collector.spans.filter(({ traceId }) => traceId === trace);
  const webhook = ours.find(({ name }) => name === 'POST /webhooks/:connection');
  const row = ours.find(({ name }) => name.startsWith('activity sync'));
  expect(webhook).toMatchObject({ parentSpanId: 'cd'.repeat(8), service: 'tidemark-server' });
  expect(row).toMatchObject({ parentSpanId: webhook?.spanId, service: 'tidemark-worker' });
  const told = Object.fromEntries((row?.attributes ?? []).map(({ key, value }) => [key, value.stringValue]));
  expect(told).toMatchObject({
    'tidemark.connection': 'demo',
    'tidemark.entity': 'people',
    'tidemark.outcome': 'updated',
  });
  expect([...collector.authorizations]).toContain('POST /v1/traces Bearer collector-key');
}, 120_000);

test('a collector that is away holds nothing up, and is told of', async () => {
  const warned: object[] = [];
  const log = { warn: (details: object) => void warned.push(details) };
  const exporter = createExporter({ endpoint: 'http://127.0.0.1:1', headers: {}, service: 'test', log });
  const tracer = new Tracer(exporter);
  expect(await tracer.run('step', { kind: 'internal' }, async () => 7)).toBe(7);
  await expect(tracer.run('step', { kind: 'internal' }, () => Promise.reject(new Error('of its own')))).rejects.toThrow(
    'of its own',
  );
  await exporter.close();
  expect(warned).toEqual([expect.objectContaining({ dropped: 2 })]);
});

test.each([
  undefined,
  ['00-a'],
  '',
  `00-${'0'.repeat(32)}-${'cd'.repeat(8)}-01`,
  `00-${'AB'.repeat(16)}-${'cd'.repeat(8)}-01`,
  `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01-more`,
])('no traceparent: %j', (text) => {
  expect(parseTraceparent(text)).toBeUndefined();
});
