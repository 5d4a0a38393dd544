import type { Knex } from 'knex';
import { z } from 'zod';
import { databaseOf, writtenEntity } from '../../test/support/writtenEntity';
import { encodeRows } from './format/encodedRows';
import { softDelete } from './softDelete';
import { ensureTable } from './tables';
import { upsertRows } from './upsertRows';

/** What is inserted first, because most of a batch is taken to be new, must not make a difference. */
const row = z.object({ name: z.string(), price: z.number().nullable(), tags: z.array(z.string()) });
const start = Date.parse('2026-01-01T00:00:00Z');

let db: Knex;
afterEach(() => db.destroy());

const counts = {
  update: { updated: 1, unchanged: 1, skipped: 0, excluded: 0, refused: 3, disputed: 2 },
  skip: { updated: 0, unchanged: 0, skipped: 3, excluded: 0, refused: 2, disputed: 1 },
};

describe.each(['update', 'skip'] as const)('conflict policy %s', (conflict) => {
  const expected = { inserted: 2, ...counts[conflict] };
  const entity = writtenEntity(`things_${conflict}`, row, conflict);
  beforeEach(async () => {
    db = await databaseOf(entity);
  });

  const context = { connectionId: 'c', entity, confirming: false, readLagMs: 10_000, writtenBy: 'run 1' };
  const answered = (ids: readonly string[], name: string, version: string, seconds: number) =>
    encodeRows(
      entity,
      ids.map((id) => ({ id, version, row: { name, price: 0.1, tags: ['a'] }, raw: { id, name } })),
      { sent: start + seconds * 1000, received: start + seconds * 1000 + 500 },
    );

  /** A batch of all there is, over the same rows; returns its counts and what the table holds afterwards. */
  async function writeOver(mostlyNew: boolean) {
    await db.raw(`drop table if exists public.${entity.table}; truncate tidemark.answers; truncate tidemark.entities`);
    await ensureTable(db, entity);
    return db.transaction(async (trx) => {
      await upsertRows(trx, context, [answered(['same', 'older', 'newer', 'gone'], 'first', '1015', 0)]);
      const times = { sent: start + 60_000, received: start + 60_500 };
      await softDelete(trx, context, [{ answer: { id: 'gone', version: null }, ...times }]);
      await trx.raw(`insert into tidemark.entities (connection_id, entity, watermark_at) values ('c', ?, ?)`, [
        entity.name,
        new Date(start + 30_000),
      ]);
      const batch = [
        answered(['same', 'new', 'new too'], 'first', '1015', 100),
        answered(['older'], 'second', '1014', 100),
        answered(['newer', 'gone'], 'second', '1016', 100),
        answered(['new, from before the line'], 'first', '1015', 10),
      ];
      const result = await upsertRows(trx, context, batch, mostlyNew);
      const { rows } = await trx.raw(
        `select external_id, name, price, tags, raw, _version, _sent_at, _watermark_at, _disputed_at, deleted_at is null as live
         from ${entity.table} order by external_id`,
      );
      const traced = await trx.raw('select external_id, outcome from tidemark.answers order by 1');
      return { result: { ...result, disputed: result.disputed.toSorted() }, rows, traced: traced.rows };
    });
  }

  test('counts, rows and trace are the same, whatever was guessed', async () => {
    const judged = await writeOver(false);
    expect(judged.result.counts).toEqual(expected);
    expect(await writeOver(true)).toEqual(judged);
  });

  test('a batch of which everything is new is done with the first statement', async () => {
    const texts: string[] = [];
    const noted = ({ sql }: { sql: string }) => texts.push(sql);
    db.on('query', noted);
    try {
      const { counts } = await db.transaction((trx) =>
        upsertRows(trx, context, [answered(['x', 'y'], 'first', '1015', 200)], true),
      );
      expect(counts).toMatchObject({ inserted: 2, updated: 0, unchanged: 0, refused: 0, skipped: 0 });
      expect(texts.filter((sql) => sql.includes(entity.table))).toHaveLength(1);
    } finally {
      db.off('query', noted);
    }
  });
});
