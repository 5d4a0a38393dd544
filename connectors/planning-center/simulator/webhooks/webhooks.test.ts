import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { firstPersonId } from '../seed';
import { type Simulator, startPlanningCenterSimulator } from '../server';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly raw: string;
  readonly name: string;
  readonly attempt: number;
  readonly eventId: string;
  readonly payload: { data: { id: string; type: string; attributes?: Record<string, unknown> } };
}

const person = String(firstPersonId);
let simulator: Simulator;
let receiver: Server;
let received: Received[];
let answers: number[];

beforeEach(async () => {
  received = [];
  answers = [];
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      const raw = Buffer.concat(chunks).toString('utf8');
      const delivery = JSON.parse(raw).data[0];
      const { name, attempt, payload } = delivery.attributes;
      received.push({
        headers: request.headers,
        raw,
        name,
        attempt,
        eventId: delivery.id,
        payload: JSON.parse(payload),
      });
      response.writeHead(answers.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  simulator = await startPlanningCenterSimulator({ people: 10, donations: 10, appId: 'app', secret: 'key' });
  simulator.control.configureWebhooks({
    url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`,
    secret: 'authenticity',
    auto: true,
    concurrency: 1,
    retrySeconds: [0, 0],
  });
});
afterEach(async () => {
  await simulator.stop();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

test('a change is told in the documented envelope, signed over the raw body', async () => {
  simulator.control.change('people', person, { attributes: { first_name: 'Told' } });
  await simulator.control.webhooksSettled();
  const [event] = received;
  expect(event).toMatchObject({
    name: 'people.v2.events.person.updated',
    attempt: 1,
    payload: { data: { id: person, type: 'Person', attributes: { first_name: 'Told' } } },
  });
  expect(JSON.parse(event?.raw ?? '')).toMatchObject({
    data: [{ type: 'EventDelivery', relationships: { organization: { data: { type: 'Organization', id: '1' } } } }],
  });
  const signature = createHmac('sha256', 'authenticity')
    .update(event?.raw ?? '')
    .digest('hex');
  expect(event?.headers['x-pco-webhooks-authenticity']).toBe(signature);
  expect(event?.headers['x-pco-webhooks-name']).toBe('people.v2.events.person.updated');
  expect(event?.headers['x-pco-webhooks-event']).toBe(event?.eventId);
});

test('create, delete and merge have their own events', async () => {
  const { control } = simulator;
  const id = control.create('donations', { id: '77' });
  control.delete('donations', id);
  control.merge(person, String(firstPersonId + 1));
  await control.webhooksSettled();
  expect(received.map(({ name, payload }) => [name, payload.data.id])).toEqual([
    ['giving.v2.events.donation.created', '77'],
    ['giving.v2.events.donation.destroyed', '77'],
    ['people.v2.events.person.destroyed', String(firstPersonId + 1)],
    ['people.v2.events.person.updated', person],
    ['people.v2.events.person_merger.created', expect.any(String)],
  ]);
});

test('without auto, and for changes that ask for it, nothing is sent', async () => {
  simulator.control.change('people', person, { attributes: {}, webhook: false });
  simulator.control.configureWebhooks({ auto: false });
  simulator.control.touch('people', person);
  await simulator.control.webhooksSettled();
  expect(received).toEqual([]);
  await simulator.control.sendWebhook('people', person, 'created');
  expect(received).toMatchObject([{ name: 'people.v2.events.person.created' }]);
});

test('anything but 200 is tried again as the same event, until the schedule ends', async () => {
  answers = [500, 202, 503];
  const first = await simulator.control.sendWebhook('people', person);
  expect(first).toMatchObject({ status: 500, attempt: 1 });
  while (received.length < 3)
    await simulator.control.webhooksSettled().then(() => new Promise((r) => setTimeout(r, 5)));
  expect(received.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  expect(new Set(received.map(({ eventId }) => eventId)).size).toBe(1);
});

test('410 ends the subscription until it is configured again', async () => {
  answers = [410];
  await simulator.control.sendWebhook('people', person);
  expect(simulator.control.webhooks.active).toBe(false);
  expect(await simulator.control.sendWebhook('people', person)).toBeUndefined();
  simulator.control.configureWebhooks({});
  expect(await simulator.control.sendWebhook('people', person)).toMatchObject({ status: 200 });
});

test('dropped, doubled and reordered', async () => {
  const { control } = simulator;
  control.configureWebhooks({ drop: 1 });
  control.touch('people', person);
  control.configureWebhooks({ drop: 0, times: 3 });
  control.touch('people', person);
  await control.webhooksSettled();
  expect(received).toHaveLength(3);
  expect(new Set(received.map(({ eventId }) => eventId)).size).toBe(1);

  control.configureWebhooks({ times: 1 });
  received = [];
  control.holdWebhooks();
  const id = control.create('people', { id: '5' });
  control.change('people', id, { attributes: { status: 'inactive' } });
  control.delete('people', id);
  await control.webhooksSettled();
  expect(received).toEqual([]);
  expect(control.releaseWebhooks('reversed')).toBe(3);
  await control.webhooksSettled();
  expect(received.map(({ name }) => name.split('.').at(-1))).toEqual(['destroyed', 'updated', 'created']);
});

test('a target that does not answer is status 0 with the reason', async () => {
  simulator.control.configureWebhooks({ url: 'http://127.0.0.1:1/', retrySeconds: [] });
  expect(await simulator.control.sendWebhook('people', person)).toMatchObject({
    status: 0,
    error: expect.stringContaining('ECONNREFUSED'),
  });
});
