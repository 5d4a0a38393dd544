import { z } from 'zod';
import { defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import { atEnd } from '../environment';
import { startEngine } from '../support/engine';
import { json, startSource } from '../support/sources/httpSource';

test('without `one`, a row that is not listed while a record without an id is stays live and waits; without such a record it is deleted', async () => {
  const rows = new Map(['1', '2', '3'].map((id) => [id, [id, `n${id}`]]));
  const source = await startSource((_request, response) =>
    json(response, { headers: ['ID', 'Name'], rows: [...rows.values()] }),
  );
  atEnd(() => source.close());
  const connector = defineConnector({
    name: 'report',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [
      defineEntity({
        name: 'lines',
        row: z.object({ name: z.string() }),
        key: 'id',
        map: ({ name }) => ({ name: String(name) }),
        supportsWebhooks: false,
        readLag: '1s',
        listings: {
          all: {
            path: '/report',
            records: 'rows',
            tabular: { headers: 'headers', fields: { id: 'ID', name: 'Name' } },
            paging: { scheme: 'none' },
          },
        },
      }),
    ],
  });
  const engine = await startEngine({ connector, settings: { baseUrl: source.baseUrl } });
  const live = async () =>
    (await engine.db('report_lines').whereNull('deleted_at').orderBy('external_id')).map((row) => row.external_id);
  await engine.delta('lines');
  const wait = () =>
    engine.db.raw(
      `update report_lines set _sent_at = _sent_at - interval '1 minute', _received_at = _received_at - interval '1 minute'`,
    );
  await wait();
  rows.set('3', ['3', 'n3', 'a value too many']);
  expect(await engine.reconcile('lines')).toMatchObject({
    outcome: 'waiting',
    reason: expect.stringContaining('1 records were listed whose id cannot be read, and 1 rows were not listed'),
  });
  expect(await live()).toEqual(['1', '2', '3']);
  await wait();
  rows.delete('3');
  expect(await engine.reconcile('lines')).toMatchObject({ outcome: 'succeeded', deleted: 1 });
  expect(await live()).toEqual(['1', '2']);
});
