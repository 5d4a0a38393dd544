import { z } from 'zod';
import { type Connector, defineConnector } from '../../schema/definition/connector';
import { defineEntity, type EntityInput } from '../../schema/definition/entity';
import type { JsonObject } from '../../schema/json/json';
import { atEnd } from '../environment';
import { type Engine, startEngine } from '../support/engine';
import { json, startSource, type TestSource } from '../support/sources/httpSource';
import { aMinuteLater } from './support';

export interface Booking {
  readonly id: string;
  readonly location: string;
  /** a day, as the source writes it */
  readonly on: string;
  readonly updated_at: string;
  readonly name: string;
}

/** A source that lists its bookings by location, and no further back than a test says. */
export interface Bookings {
  readonly source: TestSource;
  readonly records: Map<string, Booking>;
  /** locations for which the source says, with status 200, that there is nothing */
  readonly silent: Set<string>;
  /** what its lists leave out */
  hides: (booking: Booking) => boolean;
  readonly engine: Engine;
}

export const row = z.object({ name: z.string(), on: z.iso.date(), location: z.string() });
export const table = 'hotel_bookings';
const day = 86_400_000;

/** The day so many days before today, in UTC. */
export const daysAgo = (days: number) => new Date(Date.now() - days * day).toISOString().slice(0, 10);

export function booking(id: string, location: string, on: string): Booking {
  return { id, location, on, name: `Guest ${id}`, updated_at: '2026-01-01T00:00:00Z' };
}

/** The listing of one location's bookings. */
export const list = {
  path: '/bookings',
  query: { location: '{partition}' },
  records: 'data',
  total: 'total',
  paging: { scheme: 'offset', sizeParam: 'size', pageSize: 100 },
} as const;

type Changes = Partial<EntityInput<typeof row, JsonObject>>;

/** An engine over such a source, whose first delta is done, a minute ago. `settings.locations`: its partitions, separated by spaces. */
export async function startBookings(
  bookings: readonly Booking[],
  { locations, ...changes }: Changes & { readonly locations: string },
): Promise<Bookings> {
  const source = await startSource((_request, response, url) => {
    const id = /^\/bookings\/(.+)$/.exec(url.pathname)?.[1];
    if (id !== undefined) {
      const found = world.records.get(decodeURIComponent(id));
      return found ? json(response, found) : json(response, { error: 'unknown' }, 404);
    }
    const location = url.searchParams.get('location');
    const since = url.searchParams.get('since') ?? '';
    const shown = [...world.records.values()].filter(
      (one) => one.location === location && !world.silent.has(location) && one.updated_at >= since && !world.hides(one),
    );
    const offset = Number(url.searchParams.get('offset') ?? 0);
    const size = Number(url.searchParams.get('size'));
    return json(response, { data: shown.slice(offset, offset + size), total: shown.length });
  });
  atEnd(() => source.close());
  const world = {
    source,
    records: new Map(bookings.map((one) => [one.id, one])),
    silent: new Set<string>(),
    hides: () => false,
  } as unknown as Bookings;
  const engine = await startEngine({
    connector: connectorOf(changes),
    settings: { baseUrl: source.baseUrl, locations },
  });
  Object.assign(world, { engine });
  await engine.delta('bookings');
  await aMinuteLater(engine, table);
  return world;
}

function connectorOf(changes: Changes): Connector {
  const bookings = defineEntity<typeof row>({
    name: 'bookings',
    row,
    key: 'id',
    deltaSyncField: { name: 'updated_at', kind: 'instant' },
    map: (record) => ({ name: String(record.name), on: String(record.on), location: String(record.location) }),
    supportsWebhooks: false,
    readLag: '1s',
    partitions: ({ locations }) => String(locations).split(' ').filter(Boolean),
    listings: {
      all: list,
      changes: { ...list, since: { param: 'since', form: 'iso-seconds', boundary: 'inclusive' } },
    },
    ...changes,
  });
  return defineConnector({
    name: 'hotel',
    settings: z.object({ baseUrl: z.url(), locations: z.string() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [bookings],
  });
}

/** What a reconciliation left: ids of the live rows, in order. */
export const liveIds = async ({ engine }: Bookings) => [...(await engine.rows(table)).keys()].toSorted();

/** Gives the connection other partitions. */
export const setLocations = ({ engine, source }: Bookings, locations: string) =>
  engine.db('tidemark.connections').update({ settings: JSON.stringify({ baseUrl: source.baseUrl, locations }) });
