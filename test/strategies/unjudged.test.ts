import { z } from 'zod';
import { proofAttention, proofText } from '../../clients/cli/text/parts/proofText';
import { readStatus } from '../../clients/operations/work/status';
import { defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import { atEnd } from '../environment';
import { type Engine, startEngine } from '../support/engine';
import { json, startSource } from '../support/sources/httpSource';

/** What a reconciliation cannot judge is counted by reason, shown with the command that lists it, and stays as it is. */
const record = (id: string) => ({ id, name: `n${id}`, updated_at: '2026-01-01T00:00:00Z' });
const none = { scheme: 'none' } as const;
/** nothing ever names a next page, nor can a smaller page be asked for */
const endless = { scheme: 'token', param: 'from', next: 'next' } as const;

/** Customers whose name must be text. */
function crm(listings: Parameters<typeof defineEntity>[0]['listings']) {
  return defineConnector({
    name: 'crm',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [
      defineEntity({
        name: 'customers',
        row: z.object({ name: z.string() }),
        key: 'id',
        deltaSyncField: { name: 'updated_at', kind: 'instant' },
        map: ({ name }) => ({ name: name as string }),
        supportsWebhooks: false,
        readLag: '1s',
        listings,
      }),
    ],
  });
}

/** Four records, of which 4 was merged into 3 after the first sync: the list no longer has it, and its id answers record 3. */
async function merged(paging: typeof none | typeof endless, otherId?: 'error'): Promise<Engine> {
  const listed = new Set(['1', '2', '3', '4']);
  const source = await startSource((_request, response, url) => {
    const id = url.pathname.split('/')[2];
    if (id === undefined) return json(response, { data: [...listed].map(record) });
    return json(response, record(id === '4' && !listed.has(id) ? '3' : id));
  });
  atEnd(() => source.close());
  const connector = crm({
    all: { path: '/customers', records: 'data', paging },
    one: { path: '/customers/{id}', ...(otherId && { otherId }) },
  });
  const engine = await startEngine({ connector, settings: { baseUrl: source.baseUrl } });
  await engine.delta('customers');
  await engine.db.raw(
    `update crm_customers set _sent_at = _sent_at - interval '1 minute', _received_at = _received_at - interval '1 minute'`,
  );
  listed.delete('4');
  await engine.reconcile('customers');
  return engine;
}

async function shown({ db, connector }: Engine) {
  const { connections } = await readStatus(db, [connector]);
  const [entity] = connections[0]?.entities ?? [];
  if (!entity?.proved) throw new Error('nothing was proved');
  return { unjudged: entity.proved.unjudged, text: proofText(entity), attention: proofAttention(entity) };
}

const live = async (engine: Engine) => [...(await engine.rows('crm_customers')).keys()].sort();

test('a record that is not listed and whose id answers another one is gone, and the proof needs no qualification', async () => {
  const engine = await merged(none);
  expect(await live(engine)).toEqual(['1', '2', '3']);
  expect(await shown(engine)).toMatchObject({ unjudged: {}, attention: [] });
});

test('where the definition calls that an error, the row stays, is counted, and is listed by the command that status names', async () => {
  const engine = await merged(none, 'error');
  expect(await live(engine)).toEqual(['1', '2', '3', '4']);
  const { unjudged, text, attention } = await shown(engine);
  expect(unjudged).toEqual({ otherId: 1 });
  expect(text).toContain(', 0 differences, but for 1');
  expect(attention).toEqual([
    'demo/customers: proved equal but for 1 record whose id the source answers with another record: tidemark set-aside list demo customers --because other-id',
  ]);
  const { rows } = await engine.db.raw(
    `select external_id, detail from tidemark.set_aside where reason = 'other-id' and cleared_at is null`,
  );
  expect(rows).toEqual([{ external_id: '4', detail: expect.stringContaining(`another record, '3'`) }]);
});

test('a list that nothing shows to have ended proves no absence: the row stays, and the proof is qualified by both', async () => {
  const engine = await merged(endless);
  expect(await live(engine)).toEqual(['1', '2', '3', '4']);
  const { unjudged, text, attention } = await shown(engine);
  expect(unjudged).toEqual({ otherId: 1, uncertainEnd: 1 });
  expect(text).toContain('but for 1 and an end of the list that nothing showed');
  expect(attention).toContain(
    'demo/customers: proved equal but for what its list may not have shown, since nothing showed that it had ended: tidemark probe demo customers',
  );
});

/** A record that is set aside, and a source that can delete it. */
async function withOneSetAside(held: { readonly heldBack?: string } = {}) {
  const listed = new Map<string, unknown>([
    ['1', 'Ada'],
    ['2', 5],
  ]);
  const source = await startSource((_request, response, url) => {
    const id = url.pathname.split('/')[2];
    const shown = (key: string) => ({ ...record(key), name: listed.get(key) });
    if (id === undefined) return json(response, { data: [...listed.keys()].map(shown) });
    return listed.has(id) ? json(response, shown(id)) : json(response, {}, 404);
  });
  atEnd(() => source.close());
  const connector = crm({
    all: { path: '/customers', records: 'data', paging: none, ...held },
    one: { path: '/customers/{id}' },
  });
  const engine = await startEngine({ connector, settings: { baseUrl: source.baseUrl } });
  await engine.delta('customers');
  return {
    engine,
    listed,
    minutesLater: (minutes: number) =>
      engine.db.raw(`update tidemark.set_aside set last_seen_at = last_seen_at - ? * interval '1 minute'`, [minutes]),
  };
}

test('a record that was set aside and that the source then deleted is not counted for good: the next reconciliation clears it', async () => {
  const { engine, listed, minutesLater } = await withOneSetAside();
  await engine.reconcile('customers');
  expect((await shown(engine)).unjudged).toEqual({ setAside: 1 });
  await minutesLater(1);
  await engine.reconcile('customers');
  expect((await shown(engine)).unjudged).toEqual({ setAside: 1 });
  listed.delete('2');
  await minutesLater(1);
  await engine.reconcile('customers');
  expect((await shown(engine)).unjudged).toEqual({});
  expect(await live(engine)).toEqual(['1']);
});

test('a list that withholds its newest changes does not show that a record set aside recently is gone', async () => {
  const { engine, listed, minutesLater } = await withOneSetAside({ heldBack: '15m' });
  listed.delete('2');
  await minutesLater(14);
  await engine.reconcile('customers');
  expect((await shown(engine)).unjudged).toEqual({ setAside: 1 });
  await minutesLater(2);
  await engine.reconcile('customers');
  expect((await shown(engine)).unjudged).toEqual({});
});
