import { z } from 'zod';
import { readyContext } from '../../clients/operations/definition/context';
import { explainRecord } from '../../clients/operations/work/explain/explain';
import { decidePlan } from '../../destination/plans/decidePlan';
import { waitingPlans } from '../../destination/readModels/statusFacts';
import { writeAnswers } from '../../destination/rows/writeAnswers';
import { undoRun } from '../../destination/runs/undoRun';
import { type Connector, defineConnector } from '../../schema/definition/connector';
import { defineEntity, type EntityInput } from '../../schema/definition/entity';
import { SkipRecord } from '../../schema/errors';
import type { JsonObject } from '../../schema/json/json';
import { workflowNames } from '../../schema/workflows';
import { atEnd } from '../environment';
import { connectionId, type Engine, startEngine } from '../support/engine';
import { json, startSource } from '../support/sources/httpSource';

const row = z.object({ name: z.string() });
type Row = typeof row;
const by = { actor: 'test', reason: 'test' };

interface Leads {
  readonly engine: Engine;
  readonly records: Map<string, JsonObject>;
  /** changes a record at this instant, which may be before the cursor; `hidden`: the mapping leaves it out */
  put(id: string, at: string, hidden?: boolean): void;
  /** live rows and their names */
  live(): Promise<Record<string, unknown>>;
  /** of a row, deleted or not */
  row(id: string): Promise<Record<string, unknown> | undefined>;
  /** open entries: reason and version by id */
  aside(): Promise<Record<string, unknown>>;
}

const whole = { path: '/leads', records: 'data', paging: { scheme: 'none' } } as const;

function connectorOf(changes: Partial<EntityInput<Row, JsonObject>>): Connector {
  const leads = defineEntity<Row>({
    name: 'leads',
    row,
    key: 'id',
    deltaSyncField: { name: 'updated_at', kind: 'instant' },
    map: ({ name, hidden }) => {
      if (hidden === true) throw new SkipRecord('hidden at the source');
      return { name: String(name) };
    },
    supportsWebhooks: false,
    readLag: '1s',
    listings: {
      all: whole,
      changes: { ...whole, since: { param: 'since', form: 'iso-milliseconds', boundary: 'inclusive' } },
      ids: whole,
      one: { path: '/leads/{id}' },
    },
    ...changes,
  });
  return defineConnector({
    name: 'shop',
    settings: z.object({ baseUrl: z.url() }),
    secrets: z.object({}),
    auth: { scheme: 'none' },
    entities: [leads],
  });
}

const v1 = '2026-01-01T00:00:00.000Z';
const v2 = '2026-02-01T00:00:00.000Z';
const v3 = '2026-03-01T00:00:00.000Z';

async function startLeads(count: number, changes: Partial<EntityInput<Row, JsonObject>> = {}): Promise<Leads> {
  const records = new Map<string, JsonObject>();
  const source = await startSource((_request, response, url) => {
    const id = /^\/leads\/(.+)$/.exec(url.pathname)?.[1];
    if (id !== undefined) {
      const found = records.get(id);
      return found ? json(response, found) : json(response, { error: 'gone' }, 404);
    }
    const since = url.searchParams.get('since') ?? '';
    json(response, { data: [...records.values()].filter(({ updated_at }) => String(updated_at) >= since) });
  });
  atEnd(() => source.close());
  const put = (id: string, at: string, hidden = false) =>
    void records.set(id, { id, name: `${id} of ${at.slice(0, 7)}`, updated_at: at, hidden });
  for (let n = 0; n < count; n++) put(`l${n}`, v1);
  const engine = await startEngine({ connector: connectorOf(changes), settings: { baseUrl: source.baseUrl } });
  const aside = async () => {
    const { rows } = await engine.db.raw(
      `select external_id as id, reason, version, sent_at from tidemark.set_aside where cleared_at is null order by 1`,
    );
    return Object.fromEntries(rows.map(({ id, reason, version }: Record<string, unknown>) => [id, [reason, version]]));
  };
  return {
    ...{ engine, records, put, aside },
    live: async () => {
      const rows = [...(await engine.rows('shop_leads'))].sort();
      return Object.fromEntries(rows.map(([id, { name }]) => [id, name]));
    },
    row: async (id) => engine.db('shop_leads').where({ external_id: id }).first(),
  };
}

const names = (ids: readonly number[], at = '2026-01') =>
  Object.fromEntries(ids.map((n) => [`l${n}`, `l${n} of ${at}`]));
const allBut = (count: number, ...left: number[]) =>
  Array.from({ length: count }, (_, n) => n).filter((n) => !left.includes(n));
const now = () => new Date().toISOString();
const asOf = (at: string) => expect.stringContaining(at.slice(0, 10));

describe('a record that the mapping leaves out keeps the version that it had then', () => {
  test('a later version that no delta shows is fetched by the next reconciliation, which leaves the same version alone', async () => {
    const world = await startLeads(3);
    world.put('l1', v1, true);
    const { engine } = world;
    await engine.delta('leads');
    expect(await world.live()).toEqual(names([0, 2]));
    expect(await world.aside()).toEqual({ l1: ['skipped', asOf(v1)] });
    expect(await engine.reconcile('leads')).toMatchObject({ missing: 0, stale: 0 });
    world.put('l1', v2);
    expect((await engine.delta('leads')).counts).toMatchObject({ inserted: 0 });
    expect(await engine.reconcile('leads')).toMatchObject({ outcome: 'succeeded', missing: 1, stale: 0 });
    expect(await world.live()).toEqual({ ...names([0, 2]), l1: 'l1 of 2026-02' });
    expect(await world.aside()).toEqual({});
    const { rows } = await engine.db.raw('select sent_at, received_at from tidemark.set_aside');
    expect(rows).toEqual([{ sent_at: expect.any(Date), received_at: expect.any(Date) }]);
  });

  test('a later version that is left out too is fetched once', async () => {
    const world = await startLeads(2);
    world.put('l1', v1, true);
    const { engine } = world;
    await engine.delta('leads');
    world.put('l1', v2, true);
    expect(await engine.reconcile('leads')).toMatchObject({ missing: 1 });
    expect(await world.aside()).toEqual({ l1: ['skipped', asOf(v2)] });
    const { rows } = await engine.db.raw(
      'select proof_differences as differences, proof_unjudged from tidemark.entities',
    );
    expect(rows).toEqual([{ differences: 0, proof_unjudged: {} }]);
    expect(await engine.reconcile('leads')).toMatchObject({ missing: 0 });
  });
});

describe('a live row whose record begins to be left out is soft-deleted', () => {
  const flows: Record<string, (world: Leads) => Promise<unknown>> = {
    'a delta': async ({ engine, put }) => {
      put('l1', now(), true);
      return engine.delta('leads');
    },
    'a full sync': async ({ engine, put }) => {
      put('l1', v2, true);
      return engine.delta('leads', true);
    },
    'a record fetched by id': async ({ engine, put }) => {
      put('l1', v2, true);
      return engine.record('leads', 'l1');
    },
    'a reconciliation': async ({ engine, put }) => {
      put('l1', v2, true);
      return engine.reconcile('leads');
    },
  };
  test.each(Object.keys(flows))('by %s, and is live again once its record is let through', async (flow) => {
    const world = await startLeads(9);
    await world.engine.delta('leads');
    await flows[flow]?.(world);
    expect(await world.live()).toEqual(names(allBut(9, 1)));
    expect(await world.row('l1')).toMatchObject({
      _left_out: 'skipped',
      name: 'l1 of 2026-01',
      deleted_at: expect.any(Date),
    });
    expect(await waitingPlans(world.engine.db)).toEqual([]);
    // nothing about it is stale then
    expect(await world.engine.reconcile('leads')).toMatchObject({ missing: 0, stale: 0, gone: 0 });
    world.put('l1', '2999-01-01T00:00:00.000Z');
    await world.engine.delta('leads');
    expect(await world.live()).toEqual({ ...names(allBut(9, 1)), l1: 'l1 of 2999-01' });
    expect(await world.row('l1')).toMatchObject({ _left_out: null });
    expect(await world.aside()).toEqual({});
  });

  test('where every run lists everything and nothing can be fetched by id, too', async () => {
    const world = await startLeads(9, { listings: { all: whole } });
    await world.engine.delta('leads');
    world.put('l1', v2, true);
    await world.engine.reconcile('leads');
    expect(await world.live()).toEqual(names(allBut(9, 1)));
    world.put('l1', v3);
    await world.engine.delta('leads');
    expect(await world.live()).toEqual({ ...names(allBut(9, 1)), l1: 'l1 of 2026-03' });
  });

  test('a record without a row gets none', async () => {
    const world = await startLeads(2);
    world.put('l1', v1, true);
    await world.engine.delta('leads');
    expect(await world.row('l1')).toBeUndefined();
  });

  test('one that is then gone at the source is gone, and an answer of before does not bring it back', async () => {
    const world = await startLeads(9);
    await world.engine.delta('leads');
    world.put('l1', v2, true);
    await world.engine.record('leads', 'l1');
    world.records.delete('l1');
    await world.engine.record('leads', 'l1');
    expect(await world.row('l1')).toMatchObject({ _left_out: null, deleted_at: expect.any(Date) });
    expect(await world.aside()).toEqual({});
  });

  test('under the conflict policy `skip` a row that a user has edited stays: the record is only set aside', async () => {
    const world = await startLeads(9, { conflict: 'skip' });
    await world.engine.delta('leads');
    await world.engine.db('shop_leads').where({ external_id: 'l1' }).update({ name: 'edited' });
    for (const id of ['l1', 'l2']) world.put(id, now(), true);
    await world.engine.delta('leads');
    expect(await world.live()).toEqual({ ...names(allBut(9, 2)), l1: 'edited' });
    expect(Object.keys(await world.aside())).toEqual(['l1', 'l2']);
  });
});

/** One answer of a listing, as an activity writes it. */
async function answer(
  { engine }: Leads,
  {
    version,
    sent,
    hidden,
    confirming = false,
  }: { version: string; sent: number; hidden: boolean; confirming?: boolean },
) {
  const entity = engine.connector.entities.get('leads');
  if (!entity) throw new Error('no entity leads');
  const raw = { id: 'l1', name: `l1 of ${version.slice(0, 7)}`, updated_at: version, hidden };
  const encoded = `${version.slice(0, 23)}000000Z`;
  const skip = { id: 'l1', reason: 'skipped' as const, detail: 'hidden', raw, version: encoded };
  const shown = { id: 'l1', version: encoded, row: { name: raw.name }, raw };
  const context = { connectionId, entity, confirming, readLagMs: 1000, writtenBy: 'test' };
  const times = { sent, received: sent + 10 };
  return writeAnswers(
    engine.db,
    context,
    [{ ...times, live: hidden ? [] : [shown], gone: [], setAside: hidden ? [skip] : [] }],
    { runId: null },
  );
}

describe('which of two answers counts, of which one leaves the record out', () => {
  const base = Date.now() - 3_600_000;
  const [first, later] = [base, base + 60_000];
  const older = { version: v1, sent: first };
  const newer = { version: v2, sent: later };

  test.each([
    [
      'an older answer that leaves it out, written later, changes nothing',
      { ...newer, hidden: false },
      { ...older, hidden: true },
      null,
    ],
    [
      'an older answer that shows it, written later, brings nothing back',
      { ...newer, hidden: true },
      { ...older, hidden: false },
      'skipped',
    ],
    ['a newer answer that leaves it out counts', { ...older, hidden: false }, { ...newer, hidden: true }, 'skipped'],
    ['a newer answer that shows it counts', { ...older, hidden: true }, { ...newer, hidden: false }, null],
    [
      'of one version, the answer that was requested later counts',
      { ...newer, version: v1, hidden: true },
      { ...older, hidden: false },
      'skipped',
    ],
  ])('of two answers, %s', async (_what, one, other, leftOut) => {
    const world = await startLeads(0);
    await world.engine.delta('leads');
    await answer(world, { version: '2025-12-01T00:00:00.000Z', sent: base - 60_000, hidden: false });
    await answer(world, one);
    const { counts } = await answer(world, other);
    expect(await world.row('l1')).toMatchObject({ _left_out: leftOut });
    expect(Object.keys(await world.aside())).toEqual(leftOut === null ? [] : ['l1']);
    expect(counts.refused).toBe(one.sent > other.sent ? 1 : 0);
  });

  test.each([
    ['an older answer that shows it is not written', newer, older, false],
    ['a newer one is', older, newer, true],
  ])('of a record without a row, %s', async (_what, skip, other, written) => {
    const world = await startLeads(0);
    await world.engine.delta('leads');
    await answer(world, { ...skip, hidden: true });
    const { counts } = await answer(world, { ...other, hidden: false });
    expect(counts).toMatchObject(written ? { inserted: 1, refused: 0 } : { inserted: 0, refused: 1 });
    expect(Object.keys(await world.live())).toEqual(written ? ['l1'] : []);
    expect(Object.keys(await world.aside())).toEqual(written ? [] : ['l1']);
  });

  test('an answer by id that leaves it out counts, although the row holds a higher version', async () => {
    const world = await startLeads(0);
    await world.engine.delta('leads');
    await answer(world, { version: v2, sent: first, hidden: false });
    await answer(world, { version: v1, sent: later, hidden: true });
    expect(await world.row('l1')).toMatchObject({ _left_out: null, _disputed_at: expect.any(Date) });
    await answer(world, { version: v1, sent: later + 60_000, hidden: true, confirming: true });
    expect(await world.row('l1')).toMatchObject({ _left_out: 'skipped', _disputed_at: null });
  });
});

describe('a mapping that leaves out too many', () => {
  async function withFaultyMap(count = 12) {
    const world = await startLeads(count);
    const { engine } = world;
    await engine.delta('leads');
    await engine.worker.stop();
    const faulty = () => {
      throw new SkipRecord('the new mapping finds no name');
    };
    const worker = await engine.startWorker({ connectors: [connectorOf({ map: faulty })] });
    return { ...world, worker };
  }

  const remap = async ({ engine }: Leads) =>
    (await engine.start(workflowNames.remap, { connectionId, entity: 'leads', trigger: 'cli' })).result();

  const flows: Record<string, (world: Leads) => Promise<unknown>> = {
    'a full sync': ({ engine }) => engine.delta('leads', true),
    'mapping all rows again': remap,
    'a delta': ({ engine, put }) => {
      for (let n = 0; n < 12; n++) put(`l${n}`, now());
      return engine.delta('leads');
    },
    'a reconciliation': ({ engine, put }) => {
      for (let n = 0; n < 12; n++) put(`l${n}`, v2);
      return engine.reconcile('leads');
    },
  };
  test.each(Object.keys(flows))('deletes nothing by %s: one plan waits', async (flow) => {
    const world = await withFaultyMap();
    await flows[flow]?.(world);
    expect(Object.keys(await world.live())).toHaveLength(12);
    const plans = await waitingPlans(world.engine.db);
    expect(plans).toEqual([expect.objectContaining({ about: 'skipped', gone: 12, liveRows: 12, ratio: 1 })]);
    expect(plans[0]?.reason).toMatch(/leaves out .* 12 of 12 rows, 100\.0 %/);
    expect(plans[0]?.sample).toHaveLength(5);
    // the next run finds the same, in the same plan
    await world.engine.delta('leads');
    expect((await waitingPlans(world.engine.db)).map(({ id, gone }) => [id, gone])).toEqual([[plans[0]?.id, 12]]);
    expect(Object.keys(await world.live())).toHaveLength(12);
  });

  test('the old mapping again: mapping all rows again keeps them, with what the source showed meanwhile, and the plan ends', async () => {
    const world = await withFaultyMap();
    world.put('l1', now());
    await world.engine.delta('leads', true);
    expect(await waitingPlans(world.engine.db)).toHaveLength(1);
    await world.worker.stop();
    await world.engine.startWorker();
    await remap(world);
    expect(await waitingPlans(world.engine.db)).toEqual([]);
    expect(await world.live()).toEqual({ ...names(allBut(12, 1)), l1: `l1 of ${now().slice(0, 7)}` });
    expect(await world.aside()).toEqual({});
  });

  test('approved, they are deleted; the mapping of before brings them back without a request', async () => {
    const world = await withFaultyMap();
    await world.engine.delta('leads', true);
    const [plan] = await waitingPlans(world.engine.db);
    await decidePlan(world.engine.db, plan?.id ?? '', 'approved', by);
    const applied = await world.engine.start('applyPlan', { connectionId, entity: 'leads', planId: plan?.id });
    expect(await applied.result()).toMatchObject({ outcome: 'succeeded', deleted: 12, counts: { deleted: 12 } });
    expect(await world.live()).toEqual({});
    await world.worker.stop();
    await world.engine.startWorker();
    await remap(world);
    expect(await world.live()).toEqual(names(allBut(12)));
  });

  test('approved while some are let through again, only the others are deleted', async () => {
    const world = await withFaultyMap();
    await world.engine.delta('leads', true);
    await world.worker.stop();
    await world.engine.startWorker();
    world.put('l1', v2);
    await world.engine.record('leads', 'l1');
    const [plan] = await waitingPlans(world.engine.db);
    await decidePlan(world.engine.db, plan?.id ?? '', 'approved', by);
    const applied = await world.engine.start('applyPlan', { connectionId, entity: 'leads', planId: plan?.id });
    expect(await applied.result()).toMatchObject({ deleted: 11 });
    expect(await world.live()).toEqual({ l1: 'l1 of 2026-02' });
  });

  test('rejected, the rows stay, until another answer leaves them out again', async () => {
    const world = await withFaultyMap();
    await world.engine.delta('leads', true);
    const [plan] = await waitingPlans(world.engine.db);
    await decidePlan(world.engine.db, plan?.id ?? '', 'rejected', by);
    await world.engine.delta('leads');
    expect(await waitingPlans(world.engine.db)).toEqual([]);
    expect(await world.live()).toEqual(names(allBut(12)));
    world.put('l1', now());
    await world.engine.delta('leads');
    expect(await world.live()).toEqual(names(allBut(12, 1)));
  });

  test('records fetched one by one stay too, once the guard is exceeded: the next run has them wait', async () => {
    const world = await withFaultyMap(14);
    for (let n = 0; n < 14; n++) {
      world.put(`l${n}`, v2);
      await world.engine.record('leads', `l${n}`);
    }
    expect(Object.keys(await world.live())).toHaveLength(4);
    await world.engine.delta('leads');
    expect(await waitingPlans(world.engine.db)).toEqual([expect.objectContaining({ about: 'skipped', gone: 4 })]);
    expect(Object.keys(await world.live())).toHaveLength(4);
  });

  test('a proof names the rows that wait', async () => {
    const world = await withFaultyMap();
    for (let n = 0; n < 12; n++) world.put(`l${n}`, v2);
    await world.engine.reconcile('leads');
    const { rows } = await world.engine.db.raw('select proof_unjudged from tidemark.entities');
    expect(rows).toEqual([{ proof_unjudged: { leftOut: 12 } }]);
  });
});

describe('what is shown of a row whose record is left out', () => {
  const explained = ({ engine }: Leads, id: string) => {
    const { db, connector, temporal, taskQueue } = engine;
    const context = readyContext({ db, connectors: [connector], client: temporal.client, taskQueue });
    return explainRecord(context, { connection: connectionId, entity: 'leads', id, source: true, wait: 45 });
  };
  const verified = async ({ engine }: Leads) =>
    (await engine.start(workflowNames.verify, { connectionId, entity: 'leads', sample: null })).result();

  test('deleted: when, by which run and why, and that the table is right', async () => {
    const world = await startLeads(9);
    await world.engine.delta('leads');
    world.put('l1', v2, true);
    expect(await verified(world)).toMatchObject({
      compared: 9,
      unclear: 0,
      differing: 1,
      differences: [{ id: 'l1', found: 'skipped' }],
    });
    await world.engine.delta('leads', true);
    const { verdict, story, row: facts } = await explained(world, 'l1');
    expect(verdict).toEqual({
      right: true,
      sentence: expect.stringMatching(
        /^The table is right: it was deleted on .* because plan \d+ \(run 2\) found it left out by the mapping; the source shows it, and the mapping leaves it out \(hidden at the source\)\.$/,
      ),
    });
    const told = story.map(({ text }) => text).join('\n');
    expect(told).toMatch(
      /version 2026-02-01T00:00:00Z; asked at .* had the row deleted: the mapping leaves its version 2026-02-01/,
    );
    expect(told).toMatch(/set aside as skipped by run 2: hidden at the source/);
    expect(told).toMatch(/the row was soft-deleted by run 2, since the mapping leaves its record out/);
    expect(facts).toMatchObject({ leftOut: 'skipped' });
    expect(await verified(world)).toMatchObject({ compared: 9, unclear: 0, differing: 0 });
  });

  test('waiting: that a plan waits', async () => {
    const world = await startLeads(12);
    await world.engine.delta('leads');
    for (let n = 0; n < 12; n++) world.put(`l${n}`, v2, true);
    await world.engine.delta('leads', true);
    const { verdict } = await explained(world, 'l1');
    expect(verdict).toEqual({
      right: false,
      sentence: expect.stringMatching(/is live with what it held before: .*; plan 1 waits/),
    });
  });

  test('what a run has deleted so can be undone', async () => {
    const world = await startLeads(9);
    await world.engine.delta('leads');
    world.put('l1', v2, true);
    await world.engine.delta('leads', true);
    const entity = world.engine.connector.entities.get('leads');
    if (!entity) throw new Error('no entity leads');
    expect(await undoRun(world.engine.db, '2', entity, 1000, by)).toEqual({ restored: 1, changedSince: 0 });
    await world.engine.delta('leads');
    expect(await world.live()).toEqual(names(allBut(9)));
  });
});
