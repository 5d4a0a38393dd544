import type { Knex } from 'knex';
import { z } from 'zod';
import { databaseOf, writtenEntity } from '../../test/support/writtenEntity';
import { writeAnswers } from './writeAnswers';

/** Columns that are called like the words of the guarded statement: an author may call them anything. */
const row = z.object({
  sent: z.string().nullable(),
  received: z.string().nullable(),
  entity: z.string().nullable(),
  known: z.boolean().nullable(),
  changed: z.boolean().nullable(),
});
const entity = writtenEntity('messages', row);
const start = Date.parse('2026-01-01T00:00:00Z');
let db: Knex;

beforeAll(async () => {
  db = await databaseOf(entity);
});
afterAll(() => db.destroy());

interface Said {
  readonly version?: string;
  readonly sent?: string;
  readonly gone?: boolean;
  /** seconds */
  readonly at: number;
  readonly confirming?: boolean;
}

async function write(id: string, { version = '1011', sent = 'x', gone = false, at, confirming = false }: Said) {
  const times = { sent: start + at * 1000, received: start + at * 1000 + 500 };
  const live = gone ? [] : [{ id, version, row: { sent, received: 'y', entity: 'e', known: true }, raw: {} }];
  const answers = { ...times, live, gone: gone ? [{ id, version: null }] : [], setAside: [] };
  const context = { connectionId: 'c', entity, confirming, readLagMs: 10_000, writtenBy: `run ${at}` };
  return (await writeAnswers(db, context, [answers], { runId: null })).counts;
}

const traced = async (id: string) =>
  (await db.raw('select * from tidemark.answers where external_id = ? order by id', [id])).rows;

test('columns may be called as the statement calls its own things', async () => {
  expect(await write('named', { at: 0, sent: 'yesterday' })).toMatchObject({ inserted: 1 });
  expect(await write('named', { at: 100, sent: 'today', version: '1012' })).toMatchObject({ updated: 1 });
  const stored = await db('x_messages').where({ external_id: 'named' }).first();
  expect(stored).toMatchObject({ sent: 'today', received: 'y', entity: 'e', known: true, changed: null });
});

test('what was written or changed nothing leaves no trace', async () => {
  await write('plain', { at: 0 });
  await write('plain', { at: 100 });
  await write('plain', { at: 200, version: '1012', sent: 'new' });
  expect(await traced('plain')).toEqual([]);
});

test('a refused answer leaves what it said and what the row held instead', async () => {
  await write('late', { at: 100, version: '1015', sent: 'newer' });
  expect(await write('late', { at: 50, version: '1012' })).toMatchObject({ refused: 1, disputed: 0 });
  expect(await traced('late')).toEqual([
    expect.objectContaining({
      outcome: 'refused',
      won: false,
      gone: false,
      version: '1012',
      written_by: 'run 50',
      held_gone: false,
      held_version: '1015',
      held_by: 'run 100',
    }),
  ]);
});

test('disputes, deletes and revivals leave one each', async () => {
  await write('moving', { at: 0 });
  expect(await write('moving', { at: 3, sent: 'other' })).toMatchObject({ updated: 1, disputed: 1 });
  expect(await write('moving', { at: 100, gone: true, confirming: true })).toMatchObject({ deleted: 1 });
  expect(await write('moving', { at: 200, confirming: true, version: '1019' })).toMatchObject({ updated: 1 });
  const outcomes = (await traced('moving')).map(({ outcome, won, held_by }: Record<string, unknown>) => [
    outcome,
    won,
    held_by,
  ]);
  expect(outcomes).toEqual([
    ['disputed', true, 'run 0'],
    ['deleted', true, 'run 3'],
    ['revived', true, 'run 100'],
  ]);
});

test('an answer from before the line is traced also where there is no row', async () => {
  await db.raw(`insert into tidemark.entities (connection_id, entity, watermark_at) values ('c', 'messages', ?)`, [
    new Date(start + 1000),
  ]);
  expect(await write('zombie', { at: 0 })).toMatchObject({ refused: 1 });
  const [answer] = await traced('zombie');
  expect(answer).toMatchObject({ outcome: 'refused', held_gone: null, held_by: null });
  expect(answer.watermark_at.getTime()).toBe(start + 1000);
});
