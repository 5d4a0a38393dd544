import { z } from 'zod';
import { defineConnector } from '../../schema/definition/connector';
import { defineEntity, type EntityInput } from '../../schema/definition/entity';
import type { JsonObject } from '../../schema/json/json';
import { atEnd } from '../environment';
import { type Engine, startEngine } from '../support/engine';
import { json, startSource, type TestSource } from '../support/sources/httpSource';
import { aMinuteLater } from './support';

export interface Item {
  readonly id: string;
  readonly board: string;
  readonly updated_at: string;
  readonly name: string;
}

/** A source of boards whose items are listed board by board. */
export interface Boards {
  readonly source: TestSource;
  /** ids, each with its region */
  readonly boards: Map<string, string>;
  readonly items: Map<string, Item>;
  /** what the list of a board's items is answered with instead, by board */
  readonly statuses: Map<string, number>;
  /** called for each list of items, before it is answered */
  onList: (board: string) => void;
  readonly engine: Engine;
  /** requests for lists of items since it was last emptied */
  readonly listed: string[];
}

export const boardsTable = 'work_boards';
export const itemsTable = 'work_items';
const row = z.object({ name: z.string(), board: z.string().nullable(), region: z.string().nullable() });

export const itemList = {
  path: '/boards/{partition}/items',
  records: 'data',
  total: 'total',
  paging: { scheme: 'offset', sizeParam: 'size', pageSize: 100 },
} as const;

/** The request for one item by its id. */
export const oneItem = { path: '/items/{id}' } as const;

export type ItemChanges = Partial<EntityInput<typeof row, JsonObject>>;

export const item = (id: string, board: string, updated_at = '2026-01-01T00:00:00Z'): Item => ({
  ...{ id, board, updated_at },
  name: `Item ${id}`,
});

/** `count` boards b000, b001 … of two items each, b000-0 and b000-1. */
export async function startBoards(count: number, changes: ItemChanges = {}): Promise<Boards> {
  const ids = Array.from({ length: count }, (_, index) => `b${String(index).padStart(3, '0')}`);
  const source = await startSource((_request, response, url) => {
    const page = <T>(all: T[]) => {
      const offset = Number(url.searchParams.get('offset') ?? 0);
      return { data: all.slice(offset, offset + Number(url.searchParams.get('size'))), total: all.length };
    };
    const [, kind, id = '', items] = url.pathname.split('/').map(decodeURIComponent);
    if (kind === 'items') {
      const found = world.items.get(id);
      return found ? json(response, found) : json(response, { error: 'unknown' }, 404);
    }
    if (id === '') return json(response, page([...world.boards].map(([board, region]) => ({ id: board, region }))));
    if (items === undefined) {
      const region = world.boards.get(id);
      return region === undefined ? json(response, { error: 'unknown' }, 404) : json(response, { id, region });
    }
    world.listed.push(id);
    world.onList(id);
    const status = world.statuses.get(id);
    if (status !== undefined) return json(response, { error: `status ${status}` }, status);
    if (!world.boards.has(id)) return json(response, { error: 'no such board' }, 404);
    const since = url.searchParams.get('since') ?? '';
    return json(response, page([...world.items.values()].filter((one) => one.board === id && one.updated_at >= since)));
  });
  atEnd(() => source.close());
  const world = {
    source,
    boards: new Map(ids.map((id) => [id, `region of ${id}`])),
    items: new Map(ids.flatMap((board) => [0, 1].map((at) => [`${board}-${at}`, item(`${board}-${at}`, board)]))),
    statuses: new Map(),
    onList: () => undefined,
    listed: [],
  } as unknown as Boards;
  const engine = await startEngine({ connector: work(changes), settings: { baseUrl: source.baseUrl } });
  Object.assign(world, { engine });
  return world;
}

function work(changes: ItemChanges) {
  const boards = defineEntity({
    name: 'boards',
    row: z.object({ region: z.string() }),
    key: 'id',
    map: (record) => ({ region: String(record.region) }),
    supportsWebhooks: false,
    readLag: '1s',
    listings: { all: { ...itemList, path: '/boards' }, one: { path: '/boards/{id}' } },
  });
  const items = defineEntity<typeof row>({
    name: 'items',
    row,
    key: 'id',
    deltaSyncField: { name: 'updated_at', kind: 'instant' },
    map: (record, { partition }) => ({
      name: String(record.name),
      board: partition?.id ?? null,
      region: typeof partition?.fields.region === 'string' ? partition.fields.region : null,
    }),
    supportsWebhooks: false,
    readLag: '1s',
    partitions: { from: 'boards', fields: ['region'] },
    listings: {
      all: itemList,
      changes: { ...itemList, since: { param: 'since', form: 'iso-seconds', boundary: 'inclusive' } },
    },
    ...changes,
  });
  return defineConnector({
    name: 'work',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [boards, items],
  });
}

/** Reads boards, then items, and puts all rows back by a minute, so that absence counts. */
export async function firstSync(world: Boards): Promise<void> {
  await world.engine.delta('boards');
  await world.engine.delta('items');
  await aMinuteLater(world.engine, boardsTable);
  await aMinuteLater(world.engine, itemsTable);
  world.listed.length = 0;
}

/** Ids of the live items, in order. */
export const liveItems = async ({ engine }: Boards) => [...(await engine.rows(itemsTable)).keys()].toSorted();
