import type { Knex } from 'knex';
import { encodeVersion } from '../../schema/version';
import { epoch, guardedTable, orders, type Row, type Said, write, writeSome } from '../../test/support/guarded';

let db: Knex;
beforeAll(async () => {
  db = await guardedTable();
});
afterAll(() => db.destroy());

const live = (version: number, disputed: boolean, content = `v${version}`): Row => ({
  gone: false,
  version: encodeVersion('integer', version),
  content,
  disputed,
});
const gone = (disputed: boolean): Row => ({ gone: true, version: null, content: null, disputed });

/** Cases of the merge rule, each in every write order. `confirmedBy` is written last: the answer that a dispute leads to. */
const cases: { name: string; answers: Said[]; result: Row; confirmedBy?: Said; settled?: Row }[] = [
  {
    name: 'a slow page with the newer version, one with the older',
    answers: [
      { version: 6, sent: 0, received: 60 },
      { version: 5, sent: 31, confirming: true },
    ],
    result: live(6, true),
  },
  {
    name: 'one with the newer version, then a stale page',
    answers: [
      { version: 6, sent: 0, confirming: true },
      { version: 5, sent: 3 },
    ],
    result: live(6, true),
  },
  {
    name: 'a version of 2099, corrected later',
    answers: [
      { version: 2099, sent: 0 },
      { version: 4, sent: 100 },
    ],
    result: live(2099, true),
    confirmedBy: { version: 4, sent: 120, confirming: true },
    settled: live(4, false),
  },
  {
    name: 'a page, a 404, and a stale page',
    answers: [
      { version: 5, sent: 0 },
      { gone: true, version: 0, sent: 1, confirming: true },
      { version: 4, sent: 2 },
    ],
    result: gone(true),
  },
  {
    name: 'a 404, and the id created again',
    answers: [
      { gone: true, version: 0, sent: 0, confirming: true },
      { version: 7, sent: 50 },
    ],
    result: gone(true),
    confirmedBy: { version: 7, sent: 70, confirming: true },
    settled: live(7, false),
  },
  {
    name: 'gone, created again and gone again, and a stale answer from in between',
    answers: [
      { gone: true, version: 0, sent: 11, received: 12 },
      { version: 6, sent: 23, received: 24, confirming: true },
      { gone: true, version: 0, sent: 24, received: 25 },
    ],
    result: gone(false),
  },
  {
    name: 'two contents of one version within the same second',
    answers: [
      { version: 5, content: 'X', sent: 0, received: 1 },
      { version: 5, content: 'Y', sent: 2, received: 3 },
    ],
    result: live(5, true, 'Y'),
  },
  {
    name: 'a confirmed answer, and what an attempt thought dead had received before it',
    answers: [
      { version: 2099, sent: 90, received: 101 },
      { version: 4, sent: 120, confirming: true },
    ],
    result: live(4, false),
  },
];

describe('cases of the merge rule, in every write order', () => {
  test.each(cases)('$name', async ({ answers, result, confirmedBy, settled }) => {
    for (const order of orders(answers)) {
      expect(await write(db, order)).toEqual(result);
      expect(await write(db, order, true)).toEqual(result);
      expect(
        await write(
          db,
          order.flatMap((answer) => [answer, answer]),
        ),
      ).toEqual(result);
      if (confirmedBy && settled) expect(await write(db, [...order, confirmedBy])).toEqual(settled);
    }
  });
});

test('an unchanged row is not written, a touched one is', async () => {
  const id = 'unchanged';
  const at = async () =>
    (await db.raw(`select xmin::text, _sent_at from x_things where external_id = ?`, [id])).rows[0];
  const said: Said = { version: 1, sent: 0 };
  await db.transaction((trx) => writeSome(trx, [{ id, said }], false));
  const first = await at();
  await db.transaction((trx) => writeSome(trx, [{ id, said: { ...said, sent: 40 } }], false));
  expect(await at()).toEqual(first);
  await db.transaction((trx) => writeSome(trx, [{ id, said: { version: 2, content: 'v1', sent: 41 } }], false));
  expect((await at()).xmin).not.toBe(first.xmin);
});

test('nothing received before the entity’s line is written, not even a new row', async () => {
  await db.raw(`insert into tidemark.entities (connection_id, entity, watermark_at) values ('c', 'things', ?)`, [
    new Date(epoch + 50_000),
  ]);
  try {
    await expect(write(db, [{ version: 1, sent: 40, received: 49 }])).rejects.toThrow();
    expect(await write(db, [{ version: 1, sent: 40, received: 50 }])).toEqual(live(1, false));
  } finally {
    await db.raw('delete from tidemark.entities');
  }
});
