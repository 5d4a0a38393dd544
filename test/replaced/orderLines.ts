import { z } from 'zod';
import { defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import { atEnd } from '../environment';
import { type Engine, startEngine } from '../support/engine';
import { json, startSource } from '../support/sources/httpSource';

const dayMs = 86_400_000;
export const daysAgo = (days: number) => new Date(Date.now() - days * dayMs).toISOString().slice(0, 10);

/** A line of an order, as a report shows it: without an id. A refund is a second line. */
export interface Line {
  /** a date, or an instant where the source thinks in another zone than its users */
  readonly sold: string;
  readonly order: string;
  readonly item: string;
  readonly price: number;
  /** whose till it was; default: that of the only list */
  readonly till?: string;
}

export interface Till {
  readonly engine: Engine;
  /** what the source holds, in the order of its document */
  lines: Line[];
  /** the source's own faults */
  readonly faults: { ignoresRange: boolean; byAnotherDay: boolean; nothing: boolean; refuses: boolean };
  /** ranges that were asked for */
  readonly asked: (readonly [from: string, to: string])[];
  /** as if everything that is held had been read a while ago */
  later(minutes?: number): Promise<void>;
  /** live rows as lines, sorted */
  live(): Promise<string[]>;
  /** what the source holds, as `live` would show it */
  held(): string[];
}

const shown = ({ sold, order, item, price, till }: Line) =>
  `${sold.slice(0, 10)} ${order} ${item} ${price}${till ? ` ${till}` : ''}`;

/** A till whose report of order lines is asked for by ranges of days, and an engine that replaces its days. */
export async function startTill(lines: readonly Line[], partitions?: readonly string[]): Promise<Till> {
  const held = { lines: [...lines] };
  const faults = { ignoresRange: false, byAnotherDay: false, nothing: false, refuses: false };
  const asked: (readonly [string, string])[] = [];
  const source = await startSource((_request, response, url) => {
    const [from, to] = [url.searchParams.get('from') ?? '', url.searchParams.get('to') ?? '9'];
    if (faults.refuses) return json(response, { error: 'later' }, 503);
    if (url.searchParams.has('from')) asked.push([from, to]);
    const till = url.searchParams.get('till') ?? undefined;
    const within = ({ sold, till: of }: Line) =>
      of === till &&
      (faults.ignoresRange ||
        (faults.byAnotherDay && to >= daysAgo(0)) ||
        (sold.slice(0, 10) >= from && sold.slice(0, 10) <= to));
    json(response, { data: faults.nothing ? [] : held.lines.filter(within) });
  });
  atEnd(() => source.close());
  const list = { path: '/lines', records: 'data', paging: { scheme: 'none' } } as const;
  const query = partitions === undefined ? {} : { till: '{partition}' };
  const connector = defineConnector({
    name: 'till',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [
      defineEntity({
        name: 'lines',
        row: z.object({
          sold_on: z.iso.date(),
          order_no: z.string(),
          item: z.string(),
          price: z.number(),
          till: z.string().nullable(),
        }),
        key: (record) => `${record.order} ${record.item}`,
        replaced: { day: 'sold_on', timeZone: 'UTC' },
        map: (record) => {
          const { sold, order, item, price, till = null } = record as unknown as Line;
          return { sold_on: sold.slice(0, 10), order_no: order, item, price, till };
        },
        ...(partitions && { partitions: [...partitions] }),
        supportsWebhooks: false,
        readLag: '1s',
        listings: {
          all: { ...list, query },
          changes: {
            ...list,
            query: { ...query, from: '{since}', to: '{until}' },
            since: { form: 'date', timeZone: 'connection', boundary: 'inclusive', window: { back: '7d' } },
          },
        },
      }),
    ],
  });
  const engine = await startEngine({ connector, settings: { baseUrl: source.baseUrl } });
  const { db } = engine;
  const till: Till = Object.assign(held, {
    engine,
    ...{ faults, asked },
    later: async (minutes = 1) => {
      await db.raw(
        `update till_lines set _sent_at = _sent_at - ? * interval '1 minute', _received_at = _received_at - ? * interval '1 minute', _watermark_at = _watermark_at - ? * interval '1 minute'`,
        [minutes, minutes, minutes],
      );
      await db.raw(`update tidemark.windows set sent_at = sent_at - ? * interval '1 minute'`, [minutes]);
      await db.raw(`update tidemark.entities set watermark_at = watermark_at - ? * interval '1 minute'`, [minutes]);
    },
    live: async () => {
      const rows = await db('till_lines')
        .whereNull('deleted_at')
        .select(db.raw('sold_on::text as sold'), 'order_no as order', 'item', 'price', 'till');
      return rows.map(shown).sort();
    },
    held: () => held.lines.map(shown).sort(),
  });
  await engine.delta('lines');
  return till;
}
