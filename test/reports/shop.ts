import { z } from 'zod';
import { defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import type { ListingInput } from '../../schema/definition/listings/listing';
import { cappedReport, postedReport } from './definitions';

export type Shape = 'capped' | 'posted';

interface ShopOptions {
  /** default: the report of the shape */
  readonly all?: ListingInput;
  readonly partitions?: string[];
  /** the orders have no ids, and their days are replaced */
  readonly replaced?: boolean;
}

/** A connector whose orders are a report of this shape, in the table `shop_orders`. */
export function shop(
  shape: Shape,
  { all = shape === 'capped' ? cappedReport() : postedReport(), partitions, replaced = false }: ShopOptions = {},
) {
  return defineConnector({
    name: `shop_${shape}`,
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({ token: z.string() }),
    auth: { scheme: 'bearer', token: 'token' },
    entities: [
      defineEntity({
        name: 'orders',
        table: 'shop_orders',
        row: z.object({ name: z.string(), day: z.iso.date() }),
        key: replaced ? 'name' : 'id',
        ...(replaced && { replaced: { day: 'day', timeZone: 'UTC' } }),
        map: ({ name, date }) => ({ name: String(name), day: String(date) }),
        supportsWebhooks: false,
        readLag: '100ms',
        lookback: '0s',
        ...(partitions && { partitions }),
        listings: { all },
      }),
    ],
  });
}
