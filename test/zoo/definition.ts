import { z } from 'zod';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { defineEntity, type EntityInput } from '../../schema/definition/entity';
import type { ChangesListingInput, ListingInput } from '../../schema/definition/listings/listing';
import type { PagingInput } from '../../schema/definition/listings/paging';
import { decimal } from '../../schema/json/decimal';
import type { JsonObject } from '../../schema/json/json';
import type { World } from './world';

const exact = decimal().nullable();
const row = z.object({ name: z.string().nullable(), amount: exact, quantity: exact });

/** All sources of a zoo share one table; each has a connection of its own. */
export const zooTable = 'zoo_things';
/** How stale the sources' answers are: not at all, but for the time that one takes. */
export const readLag = '100ms';

/** The definition that a careful author writes who has read this source's documentation. */
export function definitionOf(world: World, name: string, partitions: readonly string[]): ConnectorEntity {
  const input: EntityInput<typeof row, JsonObject> = {
    name,
    table: zooTable,
    row,
    key: 'id',
    ...(world.version === 'none' ? {} : { deltaSyncField: versionOf(world.version) }),
    map: (record) => ({
      name: typeof record.name === 'string' ? record.name : null,
      amount: record.amount as string | number,
      quantity: record.quantity as string | number,
    }),
    listings: listingsOf(world),
    supportsWebhooks: false,
    readLag,
    lookback: world.lookback,
    gone: {
      statuses: world.one?.deletion === '403' ? [403, 404] : [404, 410],
      ...(hasTombstones(world) ? { record: (record: JsonObject) => record.deleted === true } : {}),
    },
    // a handful of records: any share of them may go
    deletionGuard: { ratio: 1, highRatio: 1 },
    ...(world.partitions > 1 ? { partitions } : {}),
  };
  return { ...defineEntity(input), table: zooTable };
}

const hasTombstones = (world: World) => world.changes?.tombstones === true || world.one?.deletion === 'tombstone';

function versionOf(
  version: Exclude<World['version'], 'none'>,
): NonNullable<EntityInput<typeof row, JsonObject>['deltaSyncField']> {
  switch (version) {
    case 'instant':
      return { name: 'updated_at', kind: 'instant' };
    case 'fallback':
      return { name: 'updated_at', kind: 'instant', from: (record) => record.updated_at ?? record.created_at };
    case 'integer':
      return { name: 'revision', kind: 'integer' };
    case 'text':
      return { name: 'revision', kind: 'text' };
    case 'opaque':
      return { name: 'etag', kind: 'opaque' };
  }
}

function listingsOf(world: World): EntityInput<typeof row, JsonObject>['listings'] {
  const list = (path: string): ListingInput => ({
    path,
    records: world.records,
    paging: pagingOf(world),
    ...(world.total === 'body' || world.total === 'text' ? { total: 'total' } : {}),
    ...(world.total === 'header' ? { total: { header: 'X-Total-Count' } } : {}),
    ...(world.post ? { method: 'POST', body: { wanted: 'all' } } : {}),
    ...(world.records === '' ? {} : { error: 'error' }),
    ...(world.partitions > 1 ? { query: { site: '{partition}' } } : {}),
  });
  const changes: { changes?: ChangesListingInput } =
    world.changes === null
      ? {}
      : {
          changes: {
            ...list(world.changes.sameAddress ? '/all' : '/changes'),
            since: {
              param: 'since',
              form: formOf(world, world.changes.form),
              boundary: world.changes.boundary,
              ...(world.changes.field === 'shownClock' ? { field: 'changed_at' } : {}),
            },
          },
        };
  return {
    all: list('/all'),
    ...changes,
    ...(world.idsListing ? { ids: list('/ids') } : {}),
    ...(world.one
      ? { one: { path: world.one.inQuery ? '/one?id={id}' : '/one/{id}', record: 'data', error: 'error' } }
      : {}),
  };
}

function formOf(
  { digits }: World,
  form: NonNullable<World['changes']>['form'],
): NonNullable<ChangesListingInput['since']>['form'] {
  if (form === 'date') return 'date';
  if (form === 'space')
    return ({ 0: 'space-seconds', 3: 'space-milliseconds', 6: 'space-microseconds' } as const)[digits];
  if (form === 'epoch') return digits === 0 ? 'epoch-seconds' : 'epoch-milliseconds';
  return ({ 0: 'iso-seconds', 3: 'iso-milliseconds', 6: 'iso-microseconds' } as const)[digits];
}

function pagingOf(world: World): PagingInput {
  const sized = { sizeParam: 'size', pageSize: world.pageSize };
  const next = world.wrongNext ? 'links.next' : 'next';
  const more = world.flag ? { more: 'more' } : {};
  switch (world.paging) {
    case 'none':
      return { scheme: 'none' };
    case 'offset':
      return { scheme: 'offset', ...sized, ...more };
    case 'page':
      return { scheme: 'page', ...sized, ...more, firstPage: world.fromZero ? 0 : 1 };
    case 'keyset':
      return { scheme: 'keyset', param: 'after', from: 'id', ...sized };
    case 'token':
      return {
        scheme: 'token',
        param: 'token',
        next: world.nextIn === 'header' ? { header: 'X-Next' } : next,
        ...sized,
      };
    case 'link':
      return { scheme: 'link', next: world.nextIn === 'header' ? { header: 'Link' } : next, ...sized };
  }
}
