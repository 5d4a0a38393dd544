import { z } from 'zod';
import { compositeKey } from '../../schema/definition/compositeKey';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { EntityInput } from '../../schema/definition/entity';
import { SkipRecord } from '../../schema/errors';
import type { JsonObject } from '../../schema/json/json';
import type { row } from '../../test/support/sources/httpSource';
import { testEntity } from '../../test/support/sources/httpSource';
import { readRecord, readVersionOnly } from './readRecord';

const context = { connection: { id: 'demo', settings: {}, timeZone: 'UTC' } };
const entityWith = (changes: Partial<EntityInput<typeof row, JsonObject>> = {}): ConnectorEntity => ({
  ...testEntity(changes),
  table: 'acme_people',
});
const entity = entityWith();
const ada = { id: 'a1', name: 'Ada', updated_at: '2026-11-21T10:20:37+01:00' };

test('a live record: key, version, row, and the record as it was sent', () => {
  expect(readRecord(entity, ada, context)).toEqual({
    kind: 'live',
    id: 'a1',
    version: '2026-11-21T09:20:37.000000000Z',
    row: { name: 'Ada' },
    raw: ada,
  });
});

test.each<[string, unknown, string]>([
  ['a number', 17, '17'],
  ['beyond 2^53, as text', '9007199254740993', '9007199254740993'],
  ['leading zeros', '007', '007'],
  ['slashes and percent signs', 'a/b%2F', 'a/b%2F'],
  ['as long as may be', 'x'.repeat(1_000), 'x'.repeat(1_000)],
])('key: %s', (_, id, expected) => {
  expect(readRecord(entity, { ...ada, id }, context)).toMatchObject({ kind: 'live', id: expected });
});

test.each<[string, unknown, RegExp]>([
  ['missing', undefined, /missing/],
  ['null', null, /missing/],
  ['empty', '', /empty/],
  ['blank', ' \t', /empty/],
  ['too long', 'x'.repeat(1_001), /1001 characters/],
  ['U+0000', 'a\0b', /U\+0000/],
  ['half a surrogate pair', 'a\ud83d', /surrogate/],
  ['an object', { a: 1 }, /of type object/],
  ['a boolean', true, /of type boolean/],
  ['a fraction', 1.5, /not exact/],
  ['rounded', 2 ** 60, /not exact/],
])('key set aside: %s', (_, id, detail) => {
  const answer = readRecord(entity, { ...ada, id }, context);
  expect(answer).toMatchObject({
    kind: 'set-aside',
    id: null,
    reason: 'invalid',
    detail: expect.stringMatching(detail),
  });
  expect(JSON.stringify(answer)).not.toMatch(/\\u0000|\\ud83d/);
});

test.each([
  ['null', null],
  ['a string', 'x'],
  ['a number', 7],
  ['a list', [ada]],
])('%s is no record', (_, raw) => {
  expect(readRecord(entity, raw, context)).toMatchObject({ kind: 'set-aside', id: null, reason: 'invalid', raw });
});

test.each(['yesterday', '2026-11-21T09:20:37', '2026-02-30T00:00:00Z', 17, { at: 1 }])(
  'version %j is set aside',
  (updated_at) => {
    expect(readRecord(entity, { ...ada, updated_at }, context)).toMatchObject({
      kind: 'set-aside',
      id: 'a1',
      reason: 'invalid',
      detail: expect.stringContaining('not an instant with a time zone'),
    });
  },
);

test('a missing version is null, and one of several fields is the first that is there', () => {
  expect(readRecord(entity, { id: 1, name: 'x' }, context)).toMatchObject({ kind: 'live', version: null });
  const either = entityWith({
    deltaSyncField: { name: 'updated_at', kind: 'instant', from: (r) => r.updated_at ?? r.created_at },
  });
  expect(readRecord(either, { id: 1, updated_at: null, created_at: '2020-01-01T00:00:00Z' }, context)).toMatchObject({
    version: '2020-01-01T00:00:00.000000000Z',
  });
});

test('a composite key with a fallback', () => {
  const composed = entityWith({ key: compositeKey(['booking', 'phone'], ['phone', 'store']) });
  expect(readRecord(composed, { booking: 'b|1', phone: 7 }, context)).toMatchObject({ id: 'b\\|1|7' });
  expect(readRecord(composed, { phone: 7, store: 's' }, context)).toMatchObject({ id: '7|s' });
  expect(readRecord(composed, { phone: 7 }, context)).toMatchObject({ kind: 'set-aside', id: null });
});

test('the record schema names the fields, within bounds, and gives the mapping what it made', () => {
  const fields = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`field_${i}`, z.string()]));
  const strict = entityWith({ record: z.looseObject(fields) as unknown as z.ZodType<JsonObject> });
  const answer = readRecord(strict, ada, context);
  expect(answer).toMatchObject({ kind: 'set-aside', id: 'a1', reason: 'invalid' });
  const { detail } = answer as { detail: string };
  expect(detail).toContain('field_0: ');
  expect(detail).toContain('and 35 more');
  expect(detail.length).toBeLessThanOrEqual(501);
  const coerced = entityWith({
    record: z.object({ id: z.string(), name: z.string().toUpperCase() }) as unknown as z.ZodType<JsonObject>,
  });
  expect(readRecord(coerced, ada, context)).toMatchObject({ kind: 'live', row: { name: 'ADA' }, raw: { name: 'Ada' } });
});

test('a row that does not fit names its fields', () => {
  const wrong = entityWith({ map: () => ({ name: 7 }) as never });
  expect(readRecord(wrong, ada, context)).toMatchObject({
    kind: 'set-aside',
    id: 'a1',
    reason: 'invalid',
    detail: expect.stringContaining('name: '),
    raw: ada,
  });
});

test('skipped on purpose, and a mapping that throws', () => {
  const skipping = entityWith({
    map: () => {
      throw new SkipRecord('no contacts');
    },
  });
  expect(readRecord(skipping, ada, context)).toMatchObject({
    kind: 'set-aside',
    reason: 'skipped',
    detail: 'no contacts',
  });
  const throwing = entityWith({
    map: () => {
      throw new TypeError(`cannot read \0 of ${'x'.repeat(5_000)}`);
    },
  });
  const answer = readRecord(throwing, ada, context) as { reason: string; detail: string };
  expect(answer.reason).toBe('invalid');
  expect(answer.detail.length).toBeLessThanOrEqual(501);
  expect(answer.detail).not.toContain('\0');
});

test('text that PostgreSQL cannot keep becomes U+FFFD in row and raw, keys too', () => {
  const raw = { ...ada, name: 'A\0da\ud83d', deep: [{ 'k\0': '\udc00', fine: '😀' }] };
  const answer = readRecord(entity, raw, context);
  expect(answer).toMatchObject({
    kind: 'live',
    row: { name: 'A\uFFFDda\uFFFD' },
    raw: { name: 'A\uFFFDda\uFFFD', deep: [{ 'k\uFFFD': '\uFFFD', fine: '😀' }] },
  });
  expect(raw.name).toBe('A\0da\ud83d');
});

test('a record nested without end is set aside, not a stack overflow', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 50_000; i += 1) deep = [deep];
  expect(readRecord(entity, { ...ada, deep }, context)).toMatchObject({
    kind: 'set-aside',
    id: 'a1',
    raw: null,
    detail: expect.stringContaining('nested'),
  });
});

test('tombstones are gone; one without an id is set aside; a rule that throws too', () => {
  const rule = entityWith({ gone: { record: (r) => r.deleted === true } });
  expect(readRecord(rule, { ...ada, deleted: true }, context)).toEqual({
    kind: 'gone',
    id: 'a1',
    version: '2026-11-21T09:20:37.000000000Z',
  });
  expect(readRecord(rule, { deleted: true }, context)).toMatchObject({ kind: 'set-aside', id: null });
  const throwing = entityWith({
    gone: {
      record: () => {
        throw new Error('no such field');
      },
    },
  });
  expect(readRecord(throwing, ada, context)).toMatchObject({ kind: 'set-aside', id: 'a1', detail: 'no such field' });
});

test('of an ids listing only id and version are read', () => {
  const strict = entityWith({ record: z.object({ name: z.string() }) as unknown as z.ZodType<JsonObject> });
  expect(readVersionOnly(strict, { id: 9, updated_at: '2026-11-21T09:20:37.5Z' })).toEqual({
    kind: 'version',
    id: '9',
    version: '2026-11-21T09:20:37.500000000Z',
  });
});
