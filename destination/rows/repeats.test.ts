import fc from 'fast-check';
import type { Knex } from 'knex';
import { z } from 'zod';
import type { Answers } from '../../schema/answer';
import { encodeVersion } from '../../schema/version';
import { search, searchTimeout } from '../../test/support/search';
import { databaseOf, writtenEntity } from '../../test/support/writtenEntity';
import { writeAnswers } from './writeAnswers';

const things = writtenEntity('things', z.object({ content: z.string() }));
let db: Knex;
beforeAll(async () => {
  db = await databaseOf(things);
});
afterAll(() => db.destroy());

interface Shown {
  readonly version: number | null;
  readonly content: string;
}

const context = { connectionId: 'c', entity: things, confirming: false, readLagMs: 10_000, writtenBy: 'run 1' };
const clock = Date.parse('2026-01-01T00:00:00Z');

const answer = (sent: number, id: string, shown: readonly Shown[]): Answers => ({
  sent,
  received: sent + 50,
  live: shown.map(({ version, content }) => ({
    id,
    version: encodeVersion('integer', version),
    row: { content },
    raw: {},
  })),
  gone: [],
  setAside: [],
});

const rowOf = async (id: string) => {
  const { content, _version, _disputed_at } = await db('x_things').where({ external_id: id }).first();
  return { content, _version, disputed: _disputed_at !== null };
};

const shown = fc.record({
  version: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.constant(null)),
  content: fc.constantFrom('a', 'b', 'c'),
});

test(
  'a response that shows a record again and again ends as if each were written by itself',
  async () => {
    let pairs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(shown, { minLength: 9, maxLength: 20 }),
        fc.option(fc.record({ shown, sentBy: fc.constantFrom(-60_000, -1_000, 0, 1_000, 60_000) })),
        async (all, held) => {
          const [whole, single] = [`whole ${++pairs}`, `single ${pairs}`];
          if (held)
            for (const id of [whole, single])
              await writeAnswers(db, context, [answer(clock + held.sentBy, id, [held.shown])], { runId: null });
          const { counts } = await writeAnswers(db, context, [answer(clock, whole, all)], { runId: null });
          for (const one of all) await writeAnswers(db, context, [answer(clock, single, [one])], { runId: null });
          const expected = await rowOf(single);
          // it may be fetched once more than it need be
          const disputed = expected.disputed || expect.any(Boolean);
          expect(await rowOf(whole)).toEqual({ ...expected, disputed });
          const { inserted, updated, unchanged, refused } = counts;
          expect(inserted + updated + unchanged + refused).toBe(all.length);
        },
      ),
      search(40),
    );
  },
  searchTimeout(60_000),
);

test.each([
  ['different states', (at: number) => `state ${at}`, { unchanged: 0, disputed: 1 }],
  ['one state', () => 'a state', { unchanged: 20_000 - 1, disputed: 0 }],
])('a response that shows 20,000 times %s of one record takes a few statements', async (name, content, rest) => {
  let statements = 0;
  const count = () => {
    statements += 1;
  };
  const live = Array.from({ length: 20_000 }, (_, at) => ({ version: 1, content: content(at) }));
  db.on('query', count);
  const { counts } = await writeAnswers(db, context, [answer(clock, name, live)], { runId: null });
  db.off('query', count);
  expect(counts).toMatchObject({ inserted: 1, updated: 0, ...rest });
  expect(counts.unchanged + counts.refused).toBe(live.length - 1);
  expect(statements).toBeLessThan(20);
});

test('a response that calls a record gone 20,000 times takes a few statements', async () => {
  let statements = 0;
  const count = () => {
    statements += 1;
  };
  const gone = Array.from({ length: 20_000 }, () => ({ id: 'gone', version: null }));
  db.on('query', count);
  const asked = { sent: clock, received: clock + 50, live: [], gone, setAside: [] };
  const { counts } = await writeAnswers(db, context, [asked], { runId: null });
  db.off('query', count);
  expect(counts.unchanged).toBe(gone.length);
  expect(statements).toBeLessThan(20);
});
