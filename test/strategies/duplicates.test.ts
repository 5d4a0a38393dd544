import { z } from 'zod';
import { defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import { atEnd } from '../environment';
import { startEngine } from '../support/engine';
import { json, startSource } from '../support/sources/httpSource';

/** One booking comes under two ids of one store, and once for each of its items. */
test('the first of several records with one key is the record, whichever partition answers first: rows stay as they are from run to run', async () => {
  const listed: Record<string, { no: string; item: string }[]> = {
    a: [
      { no: '1', item: 'tie' },
      { no: '1', item: 'hat' },
    ],
    b: [
      { no: '1', item: 'belt' },
      { no: '2', item: 'coat' },
    ],
  };
  const source = await startSource((_request, response, url) => {
    const location = url.searchParams.get('location') ?? '';
    // the first partition is the slower one
    setTimeout(() => json(response, listed[location]), location === 'a' ? 300 : 0);
  });
  atEnd(() => source.close());
  const connector = defineConnector({
    name: 'shop',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [
      defineEntity({
        name: 'bookings',
        row: z.object({ item: z.string() }),
        key: 'no',
        duplicates: { keep: 'first', ordered: true },
        map: ({ item }) => ({ item: String(item) }),
        partitions: ['a', 'b'],
        supportsWebhooks: false,
        readLag: '1s',
        listings: { all: { path: '/bookings', query: { location: '{partition}' }, paging: { scheme: 'none' } } },
      }),
    ],
  });
  const engine = await startEngine({ connector, settings: { baseUrl: source.baseUrl } });
  const rows = async () =>
    (await engine.db('shop_bookings').orderBy('external_id')).map((row) => [row.external_id, row.item]);
  const expected = [
    ['1', 'tie'],
    ['2', 'coat'],
  ];
  expect((await engine.delta('bookings')).counts).toMatchObject({ inserted: 2, duplicates: 2, disputed: 0 });
  expect(await rows()).toEqual(expected);
  expect((await engine.delta('bookings')).counts).toMatchObject({
    unchanged: 2,
    updated: 0,
    duplicates: 2,
    disputed: 0,
  });
  expect((await engine.reconcile('bookings')).counts).toMatchObject({
    updated: 0,
    duplicates: 2,
    disputed: 0,
    deleted: 0,
  });
  expect(await rows()).toEqual(expected);
});
