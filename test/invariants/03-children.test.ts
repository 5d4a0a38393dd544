import { readStatus } from '../../clients/operations/work/status';
import {
  type Boards,
  boardsTable,
  firstSync,
  item,
  itemList,
  itemsTable,
  liveItems,
  oneItem,
  startBoards,
} from './boardsSource';
import { aMinuteLater, failureOf, histories, lastRun } from './support';

/** Children of parents: one list of items for each board. What is not known of one board deletes nothing, and stops no other. */
const both = { listings: { all: itemList, ids: itemList, one: oneItem } };

async function state({ engine }: Boards) {
  const { connections } = await readStatus(engine.db, [engine.connector]);
  const { proved, plansWaiting, unread } = connections[0]?.entities.find(({ entity }) => entity === 'items') ?? {};
  return {
    coverage: proved?.coverage,
    plans: (plansWaiting ?? []).map(({ partition, reason }) => ({ partition, reason })),
    unread: unread?.counts,
  };
}

const cursorsOf = async ({ engine }: Boards) => {
  const { rows } = await engine.db.raw(
    `select partition, at from tidemark.cursors where entity = 'items' and left_at is null order by 1`,
  );
  return new Map<string, number>(rows.map((row: { partition: string; at: Date }) => [row.partition, row.at.getTime()]));
};

test('are read only once all parents have been read, and never from an empty list of parents', async () => {
  const world = await startBoards(3);
  expect(await failureOf(world.engine.delta('items'))).toBe('ContractBroken');
  expect(await lastRun(world.engine, 'items')).toMatchObject({
    status: 'failed',
    error: expect.stringContaining('never been read to the end'),
  });
  await firstSync(world);
  expect(await liveItems(world)).toHaveLength(6);
  await world.engine.db.raw(`update ${boardsTable} set deleted_at = now()`);
  expect(await failureOf(world.engine.reconcile('items'))).toBe('ContractBroken');
  expect((await lastRun(world.engine, 'items')).error).toContain('no live rows');
  expect(await liveItems(world)).toHaveLength(6);
});

test('are mapped with their parent, whichever way they come, and again where they move', async () => {
  const world = await startBoards(3, both);
  await firstSync(world);
  const { engine } = world;
  const row = async (id: string) => (await engine.rows(itemsTable)).get(id);
  expect(await row('b001-0')).toMatchObject({ board: 'b001', region: 'region of b001', _partition: 'b001' });
  await engine.record('items', 'b001-0');
  expect(await row('b001-0')).toMatchObject({ board: 'b001', region: 'region of b001' });
  // the same version in the list of another board; and one that no delta has shown
  world.items.set('b001-0', item('b001-0', 'b002'));
  world.items.set('new', item('new', 'b000'));
  await aMinuteLater(engine, itemsTable);
  expect(await engine.reconcile('items')).toMatchObject({ outcome: 'succeeded', deleted: 0 });
  expect(await row('b001-0')).toMatchObject({ board: 'b002', region: 'region of b002', _partition: 'b002' });
  expect(await row('new')).toMatchObject({ board: 'b000', region: 'region of b000' });
  await engine.db.raw(`update ${itemsTable} set region = 'nowhere'`);
  await (await engine.start('remap', { connectionId: 'demo', entity: 'items', trigger: 'cli' })).result();
  expect(await row('b001-0')).toMatchObject({ board: 'b002', region: 'region of b002' });
});

/** The boards of a story that has four steps; `last` vanishes while the first of them runs. */
interface Story {
  readonly world: Boards;
  readonly count: number;
  readonly last: string;
}

test.each([
  [60, 'without `one`', {}],
  [500, 'with `ids` and `one`', both],
])(
  '%i parents, %s: a delta names what it could not read, a reconciliation deletes nothing of it, a gone parent takes its children, and what can be read again is',
  async (count, _what, changes) => {
    const world = await startBoards(count, changes);
    await firstSync(world);
    const story = { world, count, last: `b${String(count - 1).padStart(3, '0')}` };
    await aDeltaNamesWhatItCouldNotRead(story);
    await aReconciliationDeletesNothingOfIt(story);
    await aGoneParentTakesItsChildren(story);
    await whatCanBeReadAgainIs(story);
  },
  300_000,
);

async function aDeltaNamesWhatItCouldNotRead({ world, count, last }: Story): Promise<void> {
  const { engine } = world;
  expect(await liveItems(world)).toHaveLength(2 * count);
  const before = await cursorsOf(world);
  for (const board of ['b010', 'b011', 'b012']) world.statuses.set(board, 404);
  for (const board of ['b020', 'b021']) world.statuses.set(board, 403);
  for (const board of ['b030', 'b031']) world.statuses.set(board, 501);
  world.items.set('b040-new', item('b040-new', 'b040', '2030-01-01T00:00:00Z'));
  world.items.set('b020-new', item('b020-new', 'b020', '2030-01-01T00:00:00Z'));
  // vanishes in mid-run, after the list of parents was made
  world.onList = () => world.boards.delete(last);
  await engine.delta('items', true);
  expect((await liveItems(world)).filter((id) => id.endsWith('new'))).toEqual(['b040-new']);
  expect((await state(world)).unread).toEqual({ gone: 4, refused: 2, 'not-served': 2 });
  const after = await cursorsOf(world);
  const moved = [...after].filter(([board, at]) => at > (before.get(board) ?? 0)).map(([board]) => board);
  expect(moved).toHaveLength(count - 8);
  expect(moved).not.toContain('b020');
  const found = (await histories(engine)).filter(({ text }) => text.includes('pullSlice'));
  expect(found).toHaveLength(2);
  for (const { steps, text } of found) {
    expect(steps.length).toBeLessThan(60);
    expect(text).not.toContain('b040');
  }
}

async function aReconciliationDeletesNothingOfIt({ world, count, last }: Story): Promise<void> {
  const { engine } = world;
  await aMinuteLater(engine, itemsTable);
  for (const board of ['b010', 'b020', 'b030', 'b040']) world.items.delete(`${board}-0`);
  world.items.set('b050-0', item('b050-0', 'b051'));
  const result = await engine.reconcile('items');
  expect(result).toMatchObject({ outcome: 'succeeded', deleted: 1 });
  expect(result.held).toBeUndefined();
  const live = await liveItems(world);
  expect(live).toEqual(expect.arrayContaining(['b010-0', 'b020-0', 'b030-0', `${last}-0`, 'b050-0']));
  expect(live).not.toContain('b040-0');
  const { coverage, plans } = await state(world);
  expect(coverage).toMatchObject({ partitions: { compared: count - 8, known: count }, notCompared: { unread: 16 } });
  expect(plans).toEqual([]);
  // an answer of before the scan about what was not read may still be on its way
  const { rows } = await engine.db.raw(`select watermark_at from tidemark.entities where entity = 'items'`);
  expect(rows).toEqual([{ watermark_at: Number.NEGATIVE_INFINITY }]);
}

async function aGoneParentTakesItsChildren({ world, count, last }: Story): Promise<void> {
  const { engine } = world;
  for (const id of [`${last}-0`, `${last}-1`]) world.items.delete(id);
  // moved before its board went
  world.items.set('b010-1', item('b010-1', 'b052'));
  world.boards.delete('b010');
  expect(await engine.reconcile('boards')).toMatchObject({ outcome: 'succeeded', deleted: 2 });
  await aMinuteLater(engine, itemsTable);
  expect(await engine.reconcile('items')).toMatchObject({ outcome: 'succeeded', deleted: 3 });
  const live = await liveItems(world);
  expect(live.filter((id) => id.startsWith(last) || id.startsWith('b010'))).toEqual(['b010-1']);
  expect((await state(world)).coverage).toMatchObject({ partitions: { compared: count - 8, known: count - 2 } });
}

async function whatCanBeReadAgainIs({ world, count }: Story): Promise<void> {
  world.statuses.clear();
  world.listed.length = 0;
  expect(await world.engine.delta('items')).toMatchObject({ outcome: 'succeeded' });
  expect(world.listed.length).toBeGreaterThanOrEqual(count - 2);
  expect((await state(world)).unread).toBeUndefined();
  expect(await liveItems(world)).toContain('b020-new');
}

test('a list that fails while those of others are answered stops none of them', async () => {
  const world = await startBoards(4);
  await firstSync(world);
  world.statuses.set('b001', 500);
  world.items.set('b003-2', item('b003-2', 'b003', '2030-01-01T00:00:00Z'));
  expect(await world.engine.delta('items')).toMatchObject({ outcome: 'succeeded' });
  expect((await state(world)).unread).toEqual({ failed: 1 });
  expect(await liveItems(world)).toContain('b003-2');
  expect((await cursorsOf(world)).get('b001')).toBeLessThan((await cursorsOf(world)).get('b000') ?? 0);
});

test('what is true of every parent is about none of them: the run fails', async () => {
  const world = await startBoards(3);
  await firstSync(world);
  const before = await cursorsOf(world);
  for (const board of world.boards.keys()) world.statuses.set(board, 403);
  expect(await failureOf(world.engine.delta('items'))).toBe('CredentialsRefused');
  expect(await failureOf(world.engine.reconcile('items'))).toBe('CredentialsRefused');
  for (const board of world.boards.keys()) world.statuses.set(board, 404);
  expect(await failureOf(world.engine.reconcile('items'))).toBe('ContractBroken');
  expect(await liveItems(world)).toHaveLength(6);
  expect(await cursorsOf(world)).toEqual(before);
});

test('without `one`, a parent that the second scan could not read keeps its rows', async () => {
  const world = await startBoards(3);
  await firstSync(world);
  world.items.delete('b001-0');
  world.onList = (board) => {
    if (board === 'b001' && world.listed.filter((listed) => listed === 'b001').length > 1)
      world.statuses.set(board, 403);
  };
  expect(await world.engine.reconcile('items')).toMatchObject({ outcome: 'succeeded', gone: 1, deleted: 0 });
  expect(await liveItems(world)).toContain('b001-0');
});

test('a board that is no longer listed, but not gone, keeps its items until an operator decides', async () => {
  const world = await startBoards(3);
  await firstSync(world);
  // as an import or a user would leave it: nothing that the source has confirmed
  await world.engine.db.raw(`update ${boardsTable} set _origin = null where external_id = 'b001'`);
  expect(await world.engine.reconcile('items')).toMatchObject({ outcome: 'succeeded', deleted: 0 });
  expect((await state(world)).plans).toEqual([
    { partition: 'b001', reason: expect.stringContaining('no longer listed') },
  ]);
  expect(await liveItems(world)).toHaveLength(6);
});
