import { z } from 'zod';
import { defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import type { JsonObject } from '../../schema/json/json';
import { atEnd } from '../environment';
import { startEngine } from '../support/engine';
import { json, startSource } from '../support/sources/httpSource';

/** Records without a version, which one list shows together with another kind. */
test('changes are seen by their columns, unchanged rows are not written, and a deleted record that is listed again is live at once', async () => {
  const leads = new Map<string, JsonObject>(['1', '2', '3'].map((no) => [no, { no, name: `n${no}`, booked: true }]));
  const source = await startSource((_request, response) =>
    json(response, { data: [...leads.values(), { no: '1', returned: true }], total: leads.size + 1 }),
  );
  atEnd(() => source.close());
  const connector = defineConnector({
    name: 'shop',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [
      defineEntity({
        name: 'leads',
        row: z.object({ name: z.string() }),
        where: ({ booked }) => booked === true,
        key: 'no',
        map: ({ name }) => ({ name: String(name) }),
        supportsWebhooks: false,
        readLag: '1s',
        listings: { all: { path: '/leads', records: 'data', total: 'total', paging: { scheme: 'none' } } },
      }),
    ],
  });
  const engine = await startEngine({ connector, settings: { baseUrl: source.baseUrl } });
  const rows = async () => {
    const found = await engine.db('shop_leads').select('*').orderBy('external_id');
    return found.map((row) => ({
      id: row.external_id,
      name: row.name,
      gone: row.deleted_at !== null,
      disputed: row._disputed_at !== null,
    }));
  };
  /** As if the read lag had passed since everything was received. */
  const wait = () =>
    engine.db.raw(
      `update shop_leads set _sent_at = _sent_at - interval '1 minute', _received_at = _received_at - interval '1 minute', _watermark_at = _watermark_at - interval '1 minute'`,
    );
  const live = (id: string, name = `n${id}`) => ({ id, name, gone: false, disputed: false });

  expect((await engine.delta('leads')).counts).toMatchObject({ inserted: 3, errors: 0, skipped: 0 });
  await wait();
  const before = await engine.db.raw('select external_id, xmin::text from shop_leads order by 1');
  leads.set('2', { no: '2', name: 'other', booked: true });
  expect((await engine.delta('leads')).counts).toMatchObject({ updated: 1, unchanged: 2, disputed: 0 });
  expect(await rows()).toEqual([live('1'), live('2', 'other'), live('3')]);
  const after = await engine.db.raw('select external_id, xmin::text from shop_leads order by 1');
  expect([after.rows[0], after.rows[2]]).toEqual([before.rows[0], before.rows[2]]);

  await wait();
  leads.delete('3');
  await engine.reconcile('leads');
  expect(await rows()).toEqual([live('1'), live('2', 'other'), { ...live('3'), gone: true }]);
  await wait();
  leads.set('3', { no: '3', name: 'again', booked: true });
  expect((await engine.delta('leads')).counts).toMatchObject({ updated: 1, disputed: 0, refused: 0 });
  expect(await rows()).toEqual([live('1'), live('2', 'other'), live('3', 'again')]);
});
