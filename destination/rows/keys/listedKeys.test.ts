import type { Knex } from 'knex';
import { z } from 'zod';
import type { Answers, Counts, LiveAnswer } from '../../../schema/answer';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import type { Duplicates } from '../../../schema/definition/duplicates';
import { duplicatesMistakes } from '../../../schema/definition/duplicates';
import { encodeVersion } from '../../../schema/version';
import { databaseOf, writtenEntity } from '../../../test/support/writtenEntity';
import { ensureTable } from '../tables';
import { writeAnswers } from '../writeAnswers';
import { createListedKeys, listedKeysTable } from './listedKeys';

const things = writtenEntity('things', z.object({ content: z.string() }));
let db: Knex;
beforeAll(async () => {
  db = await databaseOf(things);
});
afterAll(() => db.destroy());
/** The columns that the table has where rows are only inserted, too. */
beforeAll(() => ensureTable(db, { ...things, conflict: 'skip' }));
beforeEach(() => db.raw('truncate x_things, tidemark.answers'));

type Shown = readonly [id: string, content: string, version?: number];
let runs = 0;
let clock = Date.parse('2026-01-01T00:00:00Z');

/** A run whose pages come in batches; the pages of a batch are written together. */
async function run(
  keep: Duplicates['keep'],
  batches: readonly (readonly (readonly Shown[])[])[],
  conflict: 'update' | 'skip' = 'update',
) {
  runs += 1;
  const entity: ConnectorEntity = { ...things, conflict, duplicates: { keep, ordered: true } };
  const listedKeys = { table: listedKeysTable(String(runs), 'pull'), partition: '' };
  await createListedKeys(db, listedKeys.table);
  clock += 3_600_000;
  const counts: Counts[] = [];
  for (const pages of batches) {
    const requests = pages.map((records): Answers => {
      clock += 100;
      const live = records.map(
        ([id, content, version = 1]): LiveAnswer => ({
          id,
          version: encodeVersion('integer', version),
          row: { content },
          raw: {},
        }),
      );
      return { sent: clock, received: clock + 50, live, gone: [], setAside: [] };
    });
    const context = { connectionId: 'c', entity, confirming: false, readLagMs: 10_000, writtenBy: `run ${runs}` };
    counts.push((await writeAnswers(db, context, requests, { runId: null, listedKeys })).counts);
  }
  const sum = (name: 'inserted' | 'updated' | 'unchanged' | 'refused' | 'disputed' | 'skipped' | 'duplicates') =>
    counts.reduce((total, one) => total + one[name], 0);
  return {
    inserted: sum('inserted'),
    updated: sum('updated'),
    unchanged: sum('unchanged'),
    refused: sum('refused'),
    disputed: sum('disputed'),
    skipped: sum('skipped'),
    duplicates: sum('duplicates'),
  };
}

const rows = async () => (await db('x_things').orderBy('external_id')).map((row) => [row.external_id, row.content]);
const none = { inserted: 0, updated: 0, unchanged: 0, refused: 0, disputed: 0, skipped: 0, duplicates: 0 };

test('first: within a page, across pages and across batches, run after run the same', async () => {
  const listed: (readonly (readonly Shown[])[])[] = [
    [
      [
        ['1', 'a'],
        ['1', 'b'],
        ['2', 'x'],
      ],
      [['1', 'c']],
    ],
    [
      [
        ['2', 'y'],
        ['3', 'z'],
      ],
    ],
  ];
  expect(await run('first', listed)).toEqual({ ...none, inserted: 3, duplicates: 3 });
  const expected = [
    ['1', 'a'],
    ['2', 'x'],
    ['3', 'z'],
  ];
  expect(await rows()).toEqual(expected);
  expect(await run('first', listed)).toEqual({ ...none, unchanged: 3, duplicates: 3 });
  expect(await rows()).toEqual(expected);
});

test('first, where rows are only inserted: the others are duplicates, not rows that a user keeps', async () => {
  const listed = [
    [
      [
        ['1', 'a'],
        ['1', 'b'],
      ] as Shown[],
    ],
  ];
  expect(await run('first', listed, 'skip')).toEqual({ ...none, inserted: 1, duplicates: 1 });
  expect(await run('first', listed, 'skip')).toEqual({ ...none, skipped: 1, duplicates: 1 });
  expect(await rows()).toEqual([['1', 'a']]);
});

test('last: the last one stays, without a dispute', async () => {
  const listed: (readonly (readonly Shown[])[])[] = [
    [
      [
        ['1', 'a'],
        ['1', 'b'],
      ],
      [['1', 'c']],
    ],
    [
      [
        ['1', 'd'],
        ['2', 'x'],
      ],
    ],
  ];
  expect(await run('last', listed)).toMatchObject({ inserted: 2, updated: 1, disputed: 0, duplicates: 3 });
  expect(await rows()).toEqual([
    ['1', 'd'],
    ['2', 'x'],
  ]);
  expect(await run('last', listed)).toMatchObject({ disputed: 0, refused: 0, duplicates: 3 });
  expect(await rows()).toEqual([
    ['1', 'd'],
    ['2', 'x'],
  ]);
});

test('newest: the highest version stays, whatever comes first, without a dispute', async () => {
  for (const listed of [
    [
      [
        [
          ['1', 'old', 5],
          ['1', 'new', 6],
        ],
      ],
      [[['1', 'older', 4]]],
    ],
    [
      [[['1', 'older', 4]]],
      [
        [
          ['1', 'new', 6],
          ['1', 'old', 5],
        ],
      ],
    ],
    [
      [
        [['1', 'new', 6]],
        [
          ['1', 'old', 5],
          ['1', 'older', 4],
        ],
      ],
    ],
  ] as const) {
    const { disputed, duplicates } = await run('newest', listed);
    expect({ disputed, duplicates }).toEqual({ disputed: 0, duplicates: 2 });
    expect(await rows()).toEqual([['1', 'new']]);
  }
});

test('another run counts anew', async () => {
  await run('first', [[[['1', 'a']]]]);
  expect(await run('first', [[[['1', 'b']]]])).toEqual({ ...none, updated: 1 });
  expect(await rows()).toEqual([['1', 'b']]);
});

test('a batch that is written again after a failure is judged again', async () => {
  const entity: ConnectorEntity = { ...things, duplicates: { keep: 'first', ordered: true } };
  const listedKeys = { table: listedKeysTable('900', 'pull'), partition: '' };
  await createListedKeys(db, listedKeys.table);
  const context = { connectionId: 'c', entity, confirming: false, readLagMs: 1, writtenBy: 'run 900' };
  const live = [{ id: '1', version: encodeVersion('integer', 1), row: { content: 'a' }, raw: {} }];
  const request = { sent: clock, received: clock + 1, live, gone: [], setAside: [] };
  const write = (alongside: () => Promise<void>) =>
    writeAnswers(db, context, [request], { runId: null, listedKeys, alongside });
  await expect(write(() => Promise.reject(new Error('killed')))).rejects.toThrow('killed');
  expect((await write(async () => {})).counts).toMatchObject({ inserted: 1, duplicates: 0 });
});

test('mistakes of the definition have their path', () => {
  const mistakes = (
    keep: Duplicates['keep'],
    ordered: boolean,
    conflict: 'update' | 'skip',
    kind?: string,
    hasIds = false,
  ) => duplicatesMistakes('x.duplicates', { keep, ordered }, { conflict, kind, hasIds });
  expect(mistakes('newest', false, 'update', 'instant')).toEqual([]);
  expect(mistakes('newest', false, 'update')[0]).toContain("x.duplicates.keep: 'newest' needs versions");
  expect(mistakes('newest', false, 'update', 'opaque')[0]).toContain("x.duplicates.keep: 'newest' needs versions");
  expect(mistakes('first', false, 'update')[0]).toContain('x.duplicates.ordered: required');
  expect(mistakes('first', false, 'skip')).toEqual([]);
  expect(mistakes('last', true, 'skip')[0]).toContain('x.duplicates.keep');
  expect(mistakes('first', true, 'update', 'instant', true)[0]).toContain('leave out listings.ids');
});
