import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject, MapContext } from '../../schema';
import { planningCenter } from './connector';
import { donationRecord, donationRow, mapDonation } from './donationMapping';
import { firstPersonId, type Simulator, startPlanningCenterSimulator } from './simulator';
import { get, idsOf } from './simulator/testClient';

const fixture = (name: string): JsonObject => JSON.parse(readFileSync(join(__dirname, 'fixtures', name), 'utf8'));
const context: MapContext = { connection: { id: 'c1', settings: {}, timeZone: 'UTC' }, related: {}, partition: null };

function entity(name: string) {
  const found = planningCenter.entities.get(name);
  if (!found) throw new Error(`no entity ${name}`);
  return found;
}

/** As the engine does it: check the record, map it, check the row. */
function rowOf(name: string, record: unknown): Record<string, unknown> {
  const { record: schema, map, row } = entity(name);
  const checked = schema ? schema.parse(record) : record;
  return row.parse(map(checked as never, context));
}

describe('people', () => {
  test('the columns', () => {
    const types = Object.fromEntries(entity('people').columns.map(({ name, type }) => [name, type]));
    expect(types).toMatchObject({
      first_name: 'text',
      birthdate: 'date',
      child: 'boolean',
      grade: 'bigint',
      inactivated_at: 'timestamp with time zone',
      created_at: 'timestamp with time zone',
    });
    expect(entity('people').table).toBe('planning_center_people');
  });

  test('a person becomes a row', () => {
    expect(rowOf('people', fixture('person.json'))).toEqual({
      first_name: 'Lea',
      last_name: 'Vogel',
      middle_name: null,
      nickname: null,
      name: 'Lea Vogel',
      birthdate: '1984-02-29',
      anniversary: null,
      gender: 'F',
      child: false,
      grade: null,
      membership: 'Visitor',
      status: 'inactive',
      inactivated_at: '2021-06-02T22:04:52Z',
      primary_campus_id: '7',
      remote_id: null,
      created_at: '2013-09-24T20:21:16Z',
    });
  });

  test('what an account may not see is missing and becomes null', () => {
    const person = fixture('person.json') as { attributes: JsonObject; relationships?: JsonObject };
    for (const hidden of ['birthdate', 'membership', 'remote_id', 'child']) delete person.attributes[hidden];
    delete person.relationships;
    expect(rowOf('people', person)).toMatchObject({ birthdate: null, membership: null, primary_campus_id: null });
  });

  test.each([
    ['birthdate', '29/02/1984'],
    ['child', 'no'],
    ['created_at', null],
    ['inactivated_at', '2021-06-02 22:04:52'],
  ])('a person whose %s is %p is invalid', (field, value) => {
    const person = fixture('person.json') as { attributes: JsonObject };
    person.attributes[field] = value;
    expect(() => rowOf('people', person)).toThrow(field);
  });
});

describe('donations', () => {
  test('a donation becomes a row', () => {
    expect(rowOf('donations', fixture('donation.json'))).toEqual({
      person_id: '127660139',
      amount_cents: 12500,
      amount_currency: 'USD',
      fee_cents: -299,
      net_cents: 12201,
      state: 'succeeded',
      payment_method: 'card',
      refunded: false,
      received_at: '2024-02-07T18:44:56Z',
      completed_at: '2024-02-07T18:45:03Z',
      campus_id: null,
      batch_id: '322',
      payment_source_id: 'planning_center',
      created_at: '2024-02-07T18:44:56Z',
    });
  });

  test.each([
    [{ refunded: true, payment_status: 'succeeded' }, 'refunded', 0],
    [{ payment_status: 'pending' }, 'pending', 0],
    [{ payment_status: 'failed' }, 'failed', 0],
    [{ payment_status: 'charged_back' }, null, 0],
    [{ payment_status: 'refunded', refunded: false }, null, 0],
    [{ fee_cents: null }, 'succeeded', 12500],
  ])('%j counts as %s with %i net', (attributes, state, net) => {
    const donation = fixture('donation.json') as { attributes: JsonObject };
    Object.assign(donation.attributes, attributes);
    const row = donationRow.parse(mapDonation(donationRecord.parse(donation)));
    expect(row).toMatchObject({ state, net_cents: net });
  });

  test('an anonymous gift has no donor', () => {
    const donation = fixture('donation.json') as { relationships: JsonObject };
    donation.relationships.person = { data: null };
    expect(rowOf('donations', donation)).toMatchObject({ person_id: null });
  });
});

describe('webhooks', () => {
  const events = (body: unknown) => planningCenter.webhooks?.events({ body, headers: {} });
  const renamed = (name: string) => {
    const body = fixture('personUpdatedDelivery.json') as { data: { attributes: JsonObject }[] };
    for (const { attributes } of body.data) attributes.name = name;
    return body;
  };

  test.each([
    ['people.v2.events.person.created', 'people'],
    ['people.v2.events.person.destroyed', 'people'],
    ['giving.v2.events.donation.updated', 'donations'],
  ])('%s is about one of %s', (name, about) => {
    expect(events(renamed(name))).toEqual([
      { eventId: 'b0c0ffee-0000-4000-8000-000000000008', type: name, entity: about, id: '4098375' },
    ]);
  });

  test('a merger is about both people, as two events', () => {
    const type = 'people.v2.events.person_merger.created';
    expect(events(fixture('personMergerDelivery.json'))).toEqual([
      { eventId: 'b0c0ffee-0000-4000-8000-000000000009/removed', type, entity: 'people', id: '14994497' },
      { eventId: 'b0c0ffee-0000-4000-8000-000000000009/kept', type, entity: 'people', id: '7504309' },
    ]);
  });

  test.each(['people.v2.events.email.updated', 'people.v2.events.person_note.created', 'other'])(
    '%s is named without a record',
    (name) => {
      expect(events(renamed(name))).toEqual([{ eventId: 'b0c0ffee-0000-4000-8000-000000000008', type: name }]);
    },
  );

  test.each([[null], [{}], [{ data: {} }], [{ data: [{ id: '1', type: 'Person' }] }], ['text']])(
    '%j is not a delivery',
    (body) => {
      expect(() => events(body)).toThrow();
    },
  );

  test('a delivery whose payload is not JSON is refused', () => {
    const body = fixture('personUpdatedDelivery.json') as { data: { attributes: JsonObject }[] };
    for (const { attributes } of body.data) attributes.payload = '{"data":';
    expect(() => events(body)).toThrow(SyntaxError);
  });
});

describe('against the simulator', () => {
  let simulator: Simulator;

  beforeAll(async () => {
    simulator = await startPlanningCenterSimulator({ people: 120, donations: 120, appId: 'app', secret: 'key' });
  });
  afterAll(() => simulator.stop());

  const ask = (path: string, query: Record<string, string | number | boolean>) =>
    get(
      simulator,
      `${path}?${new URLSearchParams(Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)])))}`,
    );

  test.each(['people', 'donations'])('every listing of %s answers, and every record of it maps', async (name) => {
    const { listings } = entity(name);
    const { all, changes, ids, one } = listings;
    if (!changes || !ids || !one) throw new Error('a listing is missing');

    const records = (await ask(all.path, { ...all.query, per_page: 100 })).json;
    expect(records.data).toHaveLength(100);
    expect(records.meta.total_count).toBe(120);
    for (const record of records.data) rowOf(name, record);

    const sparse = await ask(ids.path, { ...ids.query, per_page: 100 });
    expect(idsOf(sparse)).toEqual(records.data.map(({ id }) => id));
    expect(sparse.json.data[0]?.attributes).toEqual({ updated_at: records.data[0]?.attributes.updated_at });

    const latest = await ask(changes.path, { order: '-updated_at', per_page: 1 });
    const cursor = String(latest.json.data[0]?.attributes.updated_at);
    const changed = await ask(changes.path, {
      ...changes.query,
      [String(changes.since?.param)]: cursor,
      per_page: 100,
    });
    expect(idsOf(changed)).toEqual(idsOf(latest));

    const single = await get(simulator, one.path.replace('{id}', String(records.data[3]?.id)));
    expect(JSON.parse(single.text).data).toEqual(records.data[3]);
  });

  test('its deliveries are read and signed as the connector expects', async () => {
    const id = String(firstPersonId);
    const { signature } = planningCenter.webhooks ?? {};
    expect(signature).toMatchObject({ header: 'x-pco-webhooks-authenticity', algorithm: 'sha256', encoding: 'hex' });
    const { createServer } = await import('node:http');
    const bodies: unknown[] = [];
    const receiver = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      request.once('end', () => {
        bodies.push(JSON.parse(text));
        response.end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const address = receiver.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    simulator.control.configureWebhooks({ url: `http://127.0.0.1:${address.port}/`, concurrency: 1, auto: true });
    simulator.control.merge(id, String(firstPersonId + 1));
    await simulator.control.webhooksSettled();
    simulator.control.configureWebhooks({ auto: false });
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
    const read = bodies.flatMap((body) => planningCenter.webhooks?.events({ body, headers: {} }) ?? []);
    expect(read.map((event) => [event.type.split('.').slice(-2).join('.'), event.id])).toEqual([
      ['person.destroyed', String(firstPersonId + 1)],
      ['person.updated', id],
      ['person_merger.created', String(firstPersonId + 1)],
      ['person_merger.created', id],
    ]);
  });
});
