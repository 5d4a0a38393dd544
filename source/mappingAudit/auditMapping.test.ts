import { z } from 'zod';
import { defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import type { MappingFinding } from '../../schema/definition/mappingAudit';
import type { JsonObject } from '../../schema/json/json';
import { atEnd } from '../../test/environment';
import { json, openBudget, startSource, testClock } from '../../test/support/sources/httpSource';
import { createSourceClient } from '../client';

const row = z.object({
  name: z.string(),
  phone: z.string().nullable(),
  booked_on: z.string().nullable(),
  nickname: z.string().nullable(),
  address: z.record(z.string(), z.unknown()).nullable(),
});

/** A definition that reads these fields, and hands one on whole. */
const entity = defineEntity({
  name: 'guests',
  row,
  key: 'id',
  deltaSyncField: { name: 'updated_at', kind: 'instant' },
  gone: { record: (record: JsonObject) => record.deleted === true },
  map: (record) => ({
    name: record.name as string,
    phone: (record.phone ?? null) as string | null,
    booked_on: (record.booked ?? null) as string | null,
    nickname: ((record.profile as JsonObject | undefined)?.nick ?? null) as string | null,
    address: (record.address ?? null) as JsonObject | null,
  }),
  supportsWebhooks: false,
  listings: { all: { path: '/guests', records: 'data', paging: { scheme: 'none' } } },
});
const connector = defineConnector({
  name: 'hotel',
  settings: z.object({ baseUrl: z.url() }),
  secrets: z.object({}),
  auth: { scheme: 'none' },
  entities: [entity],
});

const guest = (n: number, changes: JsonObject = {}): JsonObject => ({
  ...{
    id: `g${n}`,
    name: `Guest ${n}`,
    phone: `0${n}1`,
    booked: `2026-01-${10 + n}`,
    updated_at: '2026-01-01T00:00:00Z',
  },
  ...{ profile: { nick: `N${n}` }, address: { city: 'Ulm', geo: { lat: 1 } } },
  ...changes,
});
const guests = (changes?: (n: number) => JsonObject) => Array.from({ length: 12 }, (_, n) => guest(n, changes?.(n)));

async function audited(records: readonly JsonObject[], stored = guests()) {
  const source = await startSource((_request, response) => json(response, { data: records }));
  atEnd(() => source.close());
  const known = connector.entities.get('guests');
  if (known === undefined) throw new Error('the entity is missing');
  const client = createSourceClient({
    ...{ connector, secrets: {}, budget: openBudget(), clock: testClock },
    connection: { id: 'demo', settings: { baseUrl: source.baseUrl }, timeZone: 'UTC' },
  });
  return client.auditMapping(known, {
    where: [{ partition: '' }],
    stored: stored.map((record) => ({ id: String(record.id), record })),
    signal: new AbortController().signal,
  });
}

/** A day in text is what the definition has on purpose here. */
const ofDay = 'other-type booked_on: it is text, and each of its 12 values is a date';
const told = (findings: readonly MappingFinding[]) =>
  findings.map(({ about, field, finding }) => `${about} ${field}: ${finding}`);

test('a definition that reads everything: only the column of a wider type is found', async () => {
  const { records, findings } = await audited(guests());
  expect(records).toBe(12);
  expect(told(findings)).toEqual([ofDay]);
  expect(findings[0]).toMatchObject({
    confirmed: true,
    line: 'row: { booked_on: z.iso.date() }',
    ids: ['g0', 'g2', 'g4'],
  });
});

test('fields that nothing reads, with the object above them where nothing of it is read', async () => {
  const { findings } = await audited(
    guests((n) => ({ vip: n % 3 === 0 ? true : null, pets: [{ kind: 'cat', age: 3 }], extra: null })),
  );
  expect(told(findings)).toEqual([
    ofDay,
    'unmapped pets: nothing reads it (2 fields below it)',
    'unmapped vip: nothing reads it',
  ]);
  expect(findings.at(-1)).toMatchObject({
    records: 4,
    ids: ['g0', 'g6'],
    line: 'row: { vip: … }, map: (r) => ({ vip: r.vip })',
  });
});

test('a field that has another name now', async () => {
  const renamed = guests((n) => ({ phoneNumber: `0${n}1`, comment: 'text too' })).map(
    ({ phone: _, ...others }) => others,
  );
  const { findings } = await audited(renamed);
  expect(told(findings)).toEqual([
    "renamed phone: 12 stored records have it, and none that the source lists now; 'phoneNumber' is new and has values of the same type",
    ofDay,
    'always-null phone: it is null in every row',
    'unmapped phoneNumber: nothing reads it',
    'unmapped comment: nothing reads it',
  ]);
  expect(findings[0]?.line).toBe("map: …   // 'phoneNumber' instead of 'phone'");
});

test('a field that is read and that no record ever had', async () => {
  const without = (records: JsonObject[]) => records.map(({ profile: _, ...others }) => others);
  const { findings } = await audited(without(guests()), without(guests()));
  expect(told(findings)).toEqual([
    'missing profile: the definition reads it, and no record has it',
    ofDay,
    'always-null nickname: it is null in every row',
  ]);
});

test('records that the mapping refuses, and values of several types', async () => {
  const { findings } = await audited(guests((n) => (n === 4 ? { name: 7 } : n === 5 ? { booked: 5 } : {})));
  expect(told(findings).slice(0, 4)).toEqual([
    expect.stringMatching(/^set-aside .*they are set aside: its row does not fit the row schema: name/),
    expect.stringMatching(/^set-aside .*they are set aside: its row does not fit the row schema: booked_on/),
    'other-type name: its values are of several types: number, string',
    'other-type booked: its values are of several types: number, string',
  ]);
  expect(findings[0]).toMatchObject({ records: 1, ids: ['g4'], confirmed: false });
});

test('no content of a record leaves it', async () => {
  const { findings } = await audited(
    guests((n) => ({ secret_note: `hunter2-${n}`, booked: `hunter2-${n}`, name: 12345 })),
  );
  expect(JSON.stringify(findings)).not.toMatch(/hunter2|12345|Ulm|Guest/);
});
