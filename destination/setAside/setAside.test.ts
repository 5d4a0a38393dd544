import type { Knex } from 'knex';
import type { SetAsideAnswer } from '../../schema/answer';
import { testDatabase } from '../../test/environment';
import { audit, listAudit } from '../audit';
import { createConnection } from '../connections/connections';
import { connectDatabase } from '../database/database';
import { clearSetAside, setAside } from './setAside';
import { discardSetAside, getSetAside, listSetAside, setAsideCounts } from './setAsideEntries';

const target = { connectionId: 'demo', entity: 'people' };

let db: Knex;
beforeAll(async () => {
  db = connectDatabase((await testDatabase()).url);
  for (const id of ['demo', 'other']) await createConnection(db, { id, connector: 'church', settings: {} });
});
beforeEach(() => db.raw('truncate tidemark.set_aside'));
afterAll(() => db.destroy());

const bad = (id: string | null, raw: unknown = { id }, change: Partial<SetAsideAnswer> = {}): SetAsideAnswer => ({
  id,
  reason: 'invalid',
  detail: 'email: not an address',
  raw,
  ...change,
});

test('a record is set aside once, however often it is met; those without a key are told apart by content', async () => {
  const keyless = [bad(null, 'x'), bad(null, 'y'), bad(null, 'x')];
  expect(await setAside(db, target, '3', [bad('1'), ...keyless, bad('')])).toBe(4);
  expect(
    await setAside(db, target, '4', [bad('1', { id: '1', v: 2 }, { reason: 'conflict', detail: 'twice in a page' })]),
  ).toBe(0);
  expect(await setAside(db, { ...target, connectionId: 'other' }, null, [bad('1')])).toBe(1);
  const entries = await listSetAside(db, target);
  expect(entries.map(({ recordId, times }) => `${recordId} ${times}`).sort()).toEqual([
    ' 1',
    '1 2',
    'null 1',
    'null 2',
  ]);
  const renewed = entries.find(({ recordId }) => recordId === '1');
  expect(renewed).toMatchObject({
    ...target,
    reason: 'conflict',
    detail: 'twice in a page',
    runId: '4',
    clearedAt: null,
  });
  expect((await getSetAside(db, renewed?.id ?? 0)).raw).toBe('{"id":"1","v":2}');
  expect(await setAside(db, target, null, [])).toBe(0);
});

test('records set aside by several at once are counted exactly', async () => {
  const ids = Array.from({ length: 40 }, (_, index) => String(index));
  const all = await Promise.all(
    Array.from({ length: 6 }, (_, turn) =>
      setAside(
        db,
        target,
        null,
        (turn % 2 ? ids : ids.toReversed()).map((id) => bad(id)),
      ),
    ),
  );
  expect(all.reduce((sum, added) => sum + added, 0)).toBe(40);
  const entries = await listSetAside(db, target);
  expect(entries.map(({ times }) => times)).toEqual(Array(40).fill(6));
});

test('a payload is kept as it was, whatever is in it', async () => {
  const raw = { nul: 'a\0b', half: '\ud800', deep: [{ 'k\0': null }], large: 9007199254740993n };
  await setAside(db, target, null, [bad('n\0', raw, { detail: 'holds \0' })]);
  const [entry] = await listSetAside(db, target);
  expect(entry).toMatchObject({ recordId: 'n\uFFFD', detail: 'holds \uFFFD' });
  expect(JSON.parse((await getSetAside(db, entry?.id ?? 0)).raw)).toEqual({ ...raw, large: '9007199254740993' });
});

test('a record of 3 MB is kept whole; of an absurd one the beginning, with a mark', async () => {
  await setAside(db, target, null, [
    bad('large', 'x'.repeat(3_000_000)),
    bad('absurd', 'x'.repeat(9_000_000)),
    bad('none', null, { raw: undefined }),
  ]);
  const raws = new Map<string | null, string>();
  for (const { id, recordId } of await listSetAside(db, target)) raws.set(recordId, (await getSetAside(db, id)).raw);
  expect(raws.get('large')).toHaveLength(3_000_002);
  expect(raws.get('absurd')?.slice(-31)).toBe('xxx… [611394 more characters]'.padStart(31, 'x'));
  expect(raws.get('absurd')?.length).toBeLessThan(8 * 1024 * 1024 + 100);
  expect(raws.get('none')).toBe('null');
});

test('an entry clears when its record is written, and opens anew when the record is bad again', async () => {
  await setAside(db, target, null, [bad('1'), bad('2'), bad(null)]);
  await setAside(db, { ...target, connectionId: 'other' }, null, [bad('1')]);
  expect(await clearSetAside(db, target, ['1', '9', 'x\0'])).toBe(1);
  expect(await clearSetAside(db, target, ['1'])).toBe(0);
  expect(await clearSetAside(db, target, [''])).toBe(0);
  expect(await setAside(db, target, null, [bad('1')])).toBe(1);
  expect(await setAsideCounts(db, 'demo')).toEqual([{ ...target, reason: 'invalid', open: 3 }]);
  expect(await setAsideCounts(db)).toHaveLength(2);
});

test('entries are listed by what is asked, a page at a time', async () => {
  await setAside(db, target, null, [bad('1'), bad('2', {}, { reason: 'skipped' }), bad('3')]);
  const list = async (filter: Parameters<typeof listSetAside>[1]) =>
    (await listSetAside(db, filter)).map(({ recordId }) => recordId);
  expect(await list({ reason: 'skipped' })).toEqual(['2']);
  expect(await list({ recordId: '3' })).toEqual(['3']);
  expect(await list({ connectionId: 'other' })).toEqual([]);
  const [first] = await listSetAside(db, { limit: 1 });
  expect(await list({ afterId: first?.id ?? 0, limit: 1 })).toEqual(['2']);
});

test('an entry is discarded with a reason, which is audited', async () => {
  await setAside(db, target, null, [bad('1')]);
  const [entry] = await listSetAside(db, target);
  const id = entry?.id ?? 0;
  await expect(discardSetAside(db, id, { actor: 'ann', reason: ' ' })).rejects.toMatchObject({ type: 'Usage' });
  expect(await listSetAside(db, target)).toHaveLength(1);
  const discarded = await discardSetAside(db, id, { actor: 'ann', reason: 'a test record' });
  expect(discarded).toMatchObject({ recordId: '1', clearedBy: 'discarded by ann', clearedAt: expect.any(Date) });
  expect(await listAudit(db, { connectionId: 'demo' })).toEqual([
    {
      ...target,
      id: expect.any(Number),
      at: expect.any(Date),
      actor: 'ann',
      action: 'set-aside discard',
      reason: 'a test record',
      details: { id, recordId: '1', reason: 'invalid' },
    },
  ]);
  await expect(discardSetAside(db, id, { actor: 'ann', reason: 'again' })).rejects.toMatchObject({ type: 'NotFound' });
  await expect(getSetAside(db, 999_999)).rejects.toMatchObject({ type: 'NotFound' });
});

test('what is audited is undone with the transaction that it tells of', async () => {
  const before = (await listAudit(db)).length;
  await expect(
    db.transaction(async (tx) => {
      await audit(tx, { actor: 'ann', action: 'cursor reset', reason: 'why', details: { to: 'x\0' } });
      throw new Error('failed');
    }),
  ).rejects.toThrow('failed');
  expect(await listAudit(db)).toHaveLength(before);
});
