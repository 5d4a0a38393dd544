import { z } from 'zod';
import { type Connector, defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import type { ListingInput } from '../../schema/definition/listings/listing';
import type { PagingInput } from '../../schema/definition/listings/paging';
import type { Since } from '../../schema/definition/listings/since';

export const readLagMs = 10_000;
export const lookbackMs = 60_000;
const size = 3;

/** What kind of API a history is about. */
export interface Shape {
  readonly name: string;
  readonly paging: 'keyset' | 'offset' | 'token';
  /** lists come in order of id, or of last change: then a changed record moves to their end */
  readonly order: 'id' | 'updated';
  readonly one: boolean;
  readonly ids: boolean;
  /** the source's timestamps and filter know whole seconds, or milliseconds */
  readonly tickMs: 1 | 1000;
  /** the source filters with a strict > */
  readonly strict: boolean;
  readonly tombstones: boolean;
  /** a record's timestamp is null until its first edit */
  readonly nulls: boolean;
  readonly conflict: 'update' | 'skip';
}

const usual = {
  paging: 'keyset',
  order: 'id',
  one: true,
  ids: true,
  tickMs: 1,
  strict: false,
  tombstones: false,
  nulls: false,
  conflict: 'update',
} as const;

export const shapes = {
  usual: { ...usual, name: 'usual' },
  /** position paging of a list that moves, with a total; seconds; a strict filter */
  moving: { ...usual, name: 'moving', paging: 'offset', order: 'updated', tickMs: 1000, strict: true },
  /** no `one`, so no webhooks either: a second scan confirms */
  bare: { ...usual, name: 'bare', one: false, ids: false, tickMs: 1000 },
  /** no listing of ids: the scan reads whole records */
  whole: { ...usual, name: 'whole', paging: 'token', order: 'updated', ids: false, strict: true },
  tombs: { ...usual, name: 'tombs', tombstones: true, tickMs: 1000 },
  nulls: { ...usual, name: 'nulls', nulls: true, paging: 'offset' },
  /** insert only */
  kept: { ...usual, name: 'kept', conflict: 'skip' },
} as const satisfies Record<string, Shape>;

function pagingOf({ paging }: Shape): PagingInput {
  switch (paging) {
    case 'keyset':
      return { scheme: 'keyset', param: 'after', from: 'id', sizeParam: 'size', pageSize: size };
    case 'offset':
      return { scheme: 'offset', param: 'offset', sizeParam: 'size', pageSize: size };
    case 'token':
      return { scheme: 'token', param: 'token', next: 'next', sizeParam: 'size', pageSize: size };
  }
}

function entityOf(shape: Shape) {
  const list = (path: string): ListingInput => ({
    path,
    records: 'data',
    paging: pagingOf(shape),
    ...(shape.paging === 'offset' ? { total: 'total' } : {}),
  });
  const since: Since = {
    param: 'since',
    form: shape.tickMs === 1000 ? 'iso-seconds' : 'iso-milliseconds',
    boundary: shape.strict ? 'exclusive' : 'inclusive',
  };
  return defineEntity({
    name: shape.name,
    row: z.object({ name: z.string() }),
    key: 'id',
    deltaSyncField: { name: 'updated', kind: 'instant' },
    map: ({ name }) => ({ name: String(name) }),
    listings: {
      all: list('/all'),
      changes: { ...list('/changes'), since },
      ...(shape.ids ? { ids: list('/ids') } : {}),
      ...(shape.one ? { one: { path: '/one/{id}', record: 'data' } } : {}),
    },
    supportsWebhooks: shape.one,
    conflict: shape.conflict,
    readLag: `${readLagMs}ms`,
    lookback: `${lookbackMs}ms`,
    gone: { record: ({ deleted }) => deleted === true },
    // a handful of records: any share of them may go
    deletionGuard: { ratio: 1, highRatio: 1 },
    raw: false,
  });
}

/** One connector with an entity for each shape. */
export const modelConnector: Connector = defineConnector({
  name: 'model',
  settings: z.object({ baseUrl: z.string() }),
  secrets: z.object({ hook: z.string() }),
  auth: { scheme: 'none' },
  webhooks: { signature: { header: 'x-signature', secret: 'hook' }, events: () => [] },
  entities: Object.values(shapes).map(entityOf),
});

export const shapeNames = Object.keys(shapes) as (keyof typeof shapes)[];
