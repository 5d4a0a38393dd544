import { z } from 'zod';
import { readStatus } from '../../clients/operations/work/status';
import { type Connector, defineConnector } from '../../schema/definition/connector';
import { defineEntity } from '../../schema/definition/entity';
import { atEnd } from '../environment';
import { connectionId, type Engine, startEngine } from '../support/engine';
import { json, startSource } from '../support/sources/httpSource';

/** What an operator does to a table, and what a run counts then. */
interface Item {
  readonly id: string;
  readonly updated_at: string;
  readonly name: string;
}
const items = new Map<string, Item>();
const old = '2026-01-01T00:00:00Z';
const record = (id: string, changes: Partial<Item> = {}): Item => ({ id, updated_at: old, name: `n${id}`, ...changes });

function depot(columns: readonly string[], ids: boolean): Connector {
  const none = { path: '/items', records: 'data', paging: { scheme: 'none' } } as const;
  const row = z.object(Object.fromEntries(columns.map((name) => [name, z.string()])));
  return defineConnector({
    name: 'depot',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [
      defineEntity({
        name: 'items',
        row,
        key: 'id',
        deltaSyncField: { name: 'updated_at', kind: 'instant' },
        map: (item) =>
          Object.fromEntries(columns.map((name) => [name, String(name === 'label' ? item.name : item[name])])),
        supportsWebhooks: false,
        readLag: '1s',
        listings: {
          ...(ids ? { ids: none } : {}),
          all: none,
          changes: { ...none, since: { param: 'since', form: 'iso-milliseconds', boundary: 'inclusive' } },
          one: { path: '/items/{id}' },
        },
      }),
    ],
  });
}

describe.each([
  ['with a listing of ids', true],
  ['without', false],
])('%s', (_how, ids) => {
  let engine: Engine;
  beforeAll(async () => {
    items.clear();
    for (let id = 1; id <= 30; id++) items.set(String(id), record(String(id)));
    const source = await startSource((_request, response, url) => {
      const id = url.pathname.split('/')[2];
      const item = items.get(id ?? '');
      if (id !== undefined) return item ? json(response, item) : json(response, {}, 404);
      const since = url.searchParams.get('since');
      const listed = [...items.values()].filter(
        ({ updated_at: at }) => since === null || Date.parse(at) >= Date.parse(since),
      );
      return json(response, { data: listed });
    });
    atEnd(() => source.close());
    engine = await startEngine({ connector: depot(['name'], ids), settings: { baseUrl: source.baseUrl } });
    expect((await engine.delta('items')).counts).toMatchObject({ inserted: 30 });
  });

  const live = async () => (await engine.rows('depot_items')).size;
  const longAgo = () =>
    engine.db.raw(
      `update depot_items set _sent_at = _sent_at - interval '1 minute', _received_at = _received_at - interval '1 minute'`,
    );

  /** Of each part that writes what it reads: every record is in exactly one count. */
  async function expectCountsToAddUp(runId: string | null): Promise<void> {
    const { rows: parts } = await engine.db.raw(
      'select step, records, counts from tidemark.run_parts where run_id = ?',
      [runId],
    );
    const writing = parts.filter(({ step }: { step: string }) => !ids || step !== 'scan');
    const sums = writing.map(({ step, counts: { disputed: _beside, ...counts } }: Part) => ({
      step,
      records: Object.values(counts).reduce((sum, count) => sum + count, 0),
    }));
    expect(sums).toEqual(writing.map(({ step, records }: Part) => ({ step, records })));
  }
  interface Part {
    readonly step: string;
    readonly records: number;
    readonly counts: Record<string, number>;
  }

  test('a reconciliation counts what was missing, stale and gone, and what it wrote', async () => {
    await longAgo();
    await engine.db.raw(`delete from depot_items where external_id in ('1', '2')`);
    items.set('3', record('3', { updated_at: '2026-02-01T00:00:00Z', name: 'changed' }));
    items.delete('30');
    const result = await engine.reconcile('items');
    expect(result).toMatchObject({ missing: 2, stale: 1, gone: 1, deleted: 1, causes: { backdated: 3, deleted: 1 } });
    expect(result.counts).toMatchObject({ inserted: 2, updated: 1, deleted: 1 });
    await expectCountsToAddUp(result.runId);
    const { rows } = await engine.db.raw('select proof_differences, proof_unjudged from tidemark.entities');
    expect(rows).toEqual([{ proof_differences: 4, proof_unjudged: {} }]);
  });

  test('after the table was dropped the next delta reads everything, and the audit says why', async () => {
    await engine.db.raw('drop table depot_items');
    const result = await engine.delta('items');
    expect(result.counts).toMatchObject({ inserted: items.size });
    await expectCountsToAddUp(result.runId);
    expect(await live()).toBe(items.size);
    const { rows } = await engine.db.raw(`select actor, action, reason from tidemark.audit order by id desc limit 1`);
    expect(rows[0]).toEqual({
      actor: 'engine',
      action: 'cursor reset',
      reason: 'table depot_items was missing and has been made again: the next delta reads everything',
    });
  });

  test('so it does after TRUNCATE', async () => {
    await engine.db.raw('truncate depot_items');
    expect((await engine.delta('items')).counts).toMatchObject({ inserted: items.size });
    expect((await engine.delta('items')).counts).toMatchObject({ inserted: 0 });
  });

  test('one record is fetched into a table that was dropped, and the next delta still reads the others', async () => {
    await engine.db.raw('drop table depot_items');
    expect(await engine.record('items', '5')).toMatchObject({ outcome: 'inserted' });
    expect((await engine.delta('items')).counts).toMatchObject({ inserted: items.size - 1 });
  });

  test('a column that was added is owed, is shown with its command, and is filled by remap', async () => {
    await longAgo();
    await engine.worker.stop();
    const wider = depot(['name', 'label'], ids);
    await engine.startWorker({ connectors: [wider] });
    await engine.delta('items');
    const shown = async () => (await readStatus(engine.db, [wider])).connections[0]?.entities[0];
    expect(Object.keys((await shown())?.owed ?? {})).toEqual(['label']);
    if (ids) {
      await engine.reconcile('items');
      expect(await shown()).toMatchObject({ proved: { differences: 0 }, owed: { label: expect.any(String) } });
      const handle = await engine.start('remap', { connectionId, entity: 'items', trigger: 'api' });
      await handle.result();
    } else await engine.reconcile('items');
    expect(await shown()).toMatchObject({ owed: {} });
    const { rows } = await engine.db.raw(
      'select count(*) as empty from depot_items where label is null and deleted_at is null',
    );
    expect(rows[0].empty).toBe(0);
  });
});
