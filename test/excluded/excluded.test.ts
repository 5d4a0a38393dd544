import { readyContext } from '../../clients/operations/definition/context';
import { explainRecord } from '../../clients/operations/work/explain/explain';
import { decidePlan } from '../../destination/plans/decidePlan';
import { waitingPlans } from '../../destination/readModels/statusFacts';
import { workflowNames } from '../../schema/workflows';
import { connectionId } from '../support/engine';
import {
  allBut,
  type LeadChanges,
  type Leads,
  leadsConnector,
  names,
  now,
  startLeads,
  v1,
  v2,
  wholeOnly,
} from './leadSource';

const by = { actor: 'test', reason: 'test' };

/** What is read until a change of the lead has arrived. */
const flows: Record<string, { readonly changes?: LeadChanges; readonly run: (world: Leads) => Promise<unknown> }> = {
  'a delta': {
    run: ({ engine, putLead }) => {
      putLead(1, now());
      return engine.delta('leads');
    },
  },
  'a full sync': { run: ({ engine }) => engine.delta('leads', true) },
  'a delta of an entity whose every run lists everything': {
    changes: wholeOnly,
    run: ({ engine }) => engine.delta('leads'),
  },
  'a record fetched by id': { run: ({ engine }) => engine.record('leads', 'l1') },
  'a reconciliation': { run: ({ engine }) => engine.reconcile('leads') },
  'a reconciliation of an entity whose every run lists everything': {
    changes: wholeOnly,
    run: ({ engine }) => engine.reconcile('leads'),
  },
};

async function tracedOf({ engine }: Leads, id: string): Promise<string[]> {
  const { rows } = await engine.db.raw('select outcome from tidemark.answers where external_id = ? order by id', [id]);
  return rows.map(({ outcome }: { outcome: string }) => outcome);
}

const withoutNames = (rows: Record<string, unknown>) => Object.keys(rows);

describe('a lead that a report excludes has no live row', () => {
  test('where the report is there first, in another spelling; the lead is counted as excluded', async () => {
    const world = await startLeads(3);
    const { engine } = world;
    world.putReport(1);
    await engine.delta('reports');
    const { counts } = await engine.delta('leads');
    expect(counts).toMatchObject({ inserted: 2, excluded: 1, deleted: 0, skipped: 0 });
    expect(await world.live()).toEqual(names([0, 2]));
    expect(await world.row('l1')).toMatchObject({ _left_out: 'excluded', deleted_at: expect.any(Date) });
    // nothing is fetched for it, and nothing differs
    expect(await engine.reconcile('leads')).toMatchObject({ missing: 0, stale: 0, gone: 0, deleted: 0 });
    expect((await engine.delta('leads', true)).counts).toMatchObject({ inserted: 0, updated: 0, excluded: 1 });
  });

  test('nor where the table of reports has not been made yet: it is', async () => {
    const world = await startLeads(2);
    expect((await world.engine.record('leads', 'l0')).outcome).toBe('inserted');
    await world.engine.delta('leads');
    expect(await world.live()).toEqual(names([0, 1]));
  });

  test.each(Object.keys(flows))(
    'where the report arrives later, by %s; it is live again once the report is gone',
    async (name) => {
      const flow = flows[name];
      const world = await startLeads(9, flow?.changes);
      const { engine } = world;
      await engine.delta('leads');
      expect(Object.keys(await world.live())).toHaveLength(9);
      world.putReport(1);
      await engine.delta('reports');
      await flow?.run(world);
      expect(withoutNames(await world.live())).toEqual(withoutNames(names(allBut(9, 1))));
      expect(await world.row('l1')).toMatchObject({ _left_out: 'excluded', deleted_at: expect.any(Date) });
      expect(await waitingPlans(engine.db)).toEqual([]);

      world.reports.delete('r1');
      await engine.record('reports', 'r1');
      expect(await engine.rows('shop_reports')).toEqual(new Map());
      await engine.reconcile('leads');
      expect(withoutNames(await world.live())).toEqual(withoutNames(names(allBut(9))));
      expect(await world.row('l1')).toMatchObject({ _left_out: null, deleted_at: null });
    },
  );

  test('a report of another kind, or without a phone number, excludes nothing, and neither does one of another connection', async () => {
    const world = await startLeads(3);
    const { engine } = world;
    world.putLead(2, v1, { phone: null });
    world.putReport(0, { kind: 'online' });
    world.putReport(2, { phone: null });
    await engine.delta('reports');
    await engine.db.raw(
      `insert into tidemark.connections (id, connector, settings, time_zone) values ('other', 'shop', '{}', 'UTC')`,
    );
    await engine.db.raw(
      `insert into shop_reports (connection_id, external_id, phone, kind, _origin) values ('other', 'r1', '9876510001', 'walk-in', 'source')`,
    );
    await engine.delta('leads');
    expect(await world.live()).toEqual(names([0, 1, 2]));
  });

  test('a lead that gets the phone number of a report is excluded, and one that gets another number comes back', async () => {
    const world = await startLeads(9);
    const { engine } = world;
    world.putReport(20);
    await engine.delta('reports');
    await engine.delta('leads');
    world.putLead(1, now(), { phone: '98765 10020' });
    await engine.delta('leads');
    expect(withoutNames(await world.live())).toEqual(withoutNames(names(allBut(9, 1))));
    // its row holds what the lead is, although nobody sees it
    expect(await world.row('l1')).toMatchObject({ phone: '98765 10020' });
    world.putLead(1, '2999-01-01T00:00:00.000Z');
    expect((await engine.delta('leads')).counts).toMatchObject({ updated: 1, excluded: 0 });
    expect(withoutNames(await world.live())).toEqual(withoutNames(names(allBut(9))));
  });

  test('what changed of a lead while it was excluded is there when it comes back', async () => {
    const world = await startLeads(3);
    const { engine } = world;
    world.putReport(1);
    await engine.delta('reports');
    await engine.delta('leads');
    world.putLead(1, v2);
    // excluded, it is compared by version like any other
    expect(await engine.reconcile('leads')).toMatchObject({ missing: 0, stale: 1, gone: 0 });
    world.reports.clear();
    await engine.record('reports', 'r1');
    expect((await engine.reconcile('leads')).counts).toMatchObject({ updated: 1 });
    expect(await world.live()).toEqual({ ...names([0, 2]), l1: 'l1 of 2026-02' });
    // it was not live in between
    expect(await tracedOf(world, 'l1')).toEqual(['included']);
  });

  test('a lead that is gone while it was excluded does not come back', async () => {
    const world = await startLeads(3);
    const { engine } = world;
    world.putReport(1);
    await engine.delta('reports');
    await engine.delta('leads');
    world.leads.delete('l1');
    world.reports.clear();
    await engine.record('reports', 'r1');
    await engine.reconcile('leads');
    expect(await world.live()).toEqual(names([0, 2]));
    // not for an instant: it was not even considered
    expect(await world.row('l1')).toMatchObject({ _left_out: 'excluded' });
    expect(await tracedOf(world, 'l1')).toEqual([]);
  });

  test('two runs at once: whatever they read, the reconciliation after them is right', async () => {
    const world = await startLeads(9);
    const { engine } = world;
    await engine.delta('leads');
    world.putReport(1);
    for (let n = 0; n < 9; n++) world.putLead(n, now(), { name: `l${n} later` });
    await Promise.all([engine.delta('reports'), engine.delta('leads'), engine.record('leads', 'l1')]);
    await engine.reconcile('leads');
    expect(withoutNames(await world.live())).toEqual(withoutNames(names(allBut(9, 1))));
    world.reports.clear();
    await Promise.all([engine.record('reports', 'r1'), engine.reconcile('leads')]);
    await engine.reconcile('leads');
    expect(withoutNames(await world.live())).toEqual(withoutNames(names(allBut(9))));
  });

  test('a record that the mapping leaves out and a report would exclude comes back only once neither does', async () => {
    const world = await startLeads(9);
    const { engine } = world;
    await engine.delta('leads');
    world.putLead(1, now(), { hidden: true });
    await engine.delta('leads');
    expect(await world.row('l1')).toMatchObject({ _left_out: 'skipped' });
    world.putReport(1);
    await engine.delta('reports');
    world.putLead(1, now());
    await engine.delta('leads');
    expect(await world.row('l1')).toMatchObject({ _left_out: 'excluded', deleted_at: expect.any(Date) });
    const { rows } = await engine.db.raw(`select 1 from tidemark.set_aside where cleared_at is null`);
    expect(rows).toEqual([]);
    world.reports.clear();
    await engine.record('reports', 'r1');
    await engine.reconcile('leads');
    expect(withoutNames(await world.live())).toEqual(withoutNames(names(allBut(9))));
  });

  test('mapping all rows again tests them too', async () => {
    const world = await startLeads(9);
    const { engine } = world;
    await engine.delta('leads');
    world.putReport(1);
    world.putReport(2);
    await engine.delta('reports');
    await engine.record('leads', 'l2');
    world.reports.delete('r2');
    await engine.record('reports', 'r2');
    const remap = await engine.start(workflowNames.remap, { connectionId, entity: 'leads', trigger: 'cli' });
    expect(await remap.result()).toMatchObject({ outcome: 'succeeded' });
    expect(await world.live()).toEqual(names(allBut(9, 1)));
  });

  test('once the definition excludes nothing any more, all come back', async () => {
    const world = await startLeads(9);
    const { engine } = world;
    world.putReport(1);
    await engine.delta('reports');
    await engine.delta('leads');
    await engine.worker.stop();
    await engine.startWorker({ connectors: [leadsConnector({}, false)] });
    await engine.reconcile('leads');
    expect(await world.live()).toEqual(names(allBut(9)));
  });
});

describe('many that become excluded at once', () => {
  async function manyExcluded(count = 12) {
    const world = await startLeads(count);
    const { engine } = world;
    await engine.delta('leads');
    for (let n = 0; n < count; n++) world.putReport(n);
    await engine.delta('reports');
    return world;
  }

  test('wait as a plan; approved, they are deleted, and what has ended since then stays', async () => {
    const world = await manyExcluded();
    const { engine } = world;
    await engine.reconcile('leads');
    expect(withoutNames(await world.live())).toHaveLength(12);
    const [plan, ...others] = await waitingPlans(engine.db);
    expect(others).toEqual([]);
    expect(plan).toMatchObject({ about: 'excluded', gone: 12, liveRows: 12, ratio: 1 });
    expect(plan?.reason).toMatch(/^rows of reports exclude records that have rows: 12 of 12 rows/);
    const { rows } = await engine.db.raw(`select proof_unjudged from tidemark.entities where entity = 'leads'`);
    expect(rows).toEqual([{ proof_unjudged: { excluded: 12 } }]);
    // a second run finds the same, and makes no other plan
    await engine.delta('leads', true);
    expect(await waitingPlans(engine.db)).toEqual([expect.objectContaining({ id: plan?.id, gone: 12 })]);

    world.reports.delete('r3');
    await engine.record('reports', 'r3');
    await engine.record('leads', 'l3');
    await decidePlan(engine.db, plan?.id ?? '', 'approved', by);
    const applied = await engine.start('applyPlan', { connectionId, entity: 'leads', planId: plan?.id });
    expect(await applied.result()).toMatchObject({ deleted: 11 });
    expect(withoutNames(await world.live())).toEqual(['l3']);
  });

  test('stay where the plan is rejected, until a reconciliation proposes it again', async () => {
    const world = await manyExcluded();
    const { engine } = world;
    await engine.reconcile('leads');
    const [plan] = await waitingPlans(engine.db);
    await decidePlan(engine.db, plan?.id ?? '', 'rejected', by);
    await engine.delta('leads');
    expect(withoutNames(await world.live())).toHaveLength(12);
    expect(await waitingPlans(engine.db)).toEqual([]);
    await engine.reconcile('leads');
    expect(await waitingPlans(engine.db)).toEqual([expect.objectContaining({ about: 'excluded', gone: 12 })]);
  });

  test('a dry reconciliation marks nothing', async () => {
    const world = await manyExcluded();
    await world.engine.reconcile('leads', true);
    const { rows } = await world.engine.db.raw(
      'select count(*)::int as marked from shop_leads where _left_out is not null',
    );
    expect(rows).toEqual([{ marked: 0 }]);
  });
});

describe('what is shown of a record that another row excludes', () => {
  const explained = ({ engine }: Leads, id: string) => {
    const { db, connector, temporal, taskQueue } = engine;
    const context = readyContext({ db, connectors: [connector], client: temporal.client, taskQueue });
    return explainRecord(context, { connection: connectionId, entity: 'leads', id, source: true, wait: 45 });
  };
  const verified = async ({ engine }: Leads) =>
    (await engine.start(workflowNames.verify, { connectionId, entity: 'leads', sample: null })).result();

  test('which row excludes it, before and after it is deleted, and when it came back', async () => {
    const world = await startLeads(9);
    const { engine } = world;
    await engine.delta('leads');
    world.putReport(1);
    await engine.delta('reports');
    expect(await verified(world)).toMatchObject({
      compared: 9,
      differing: 1,
      differences: [{ id: 'l1', found: 'excluded' }],
    });
    expect((await explained(world, 'l1')).verdict).toEqual({
      right: false,
      sentence:
        'The row is live: the source shows it, and row r1 of reports excludes it; `tidemark reconcile demo leads` deletes it.',
    });
    await engine.reconcile('leads');
    const { verdict, story, row } = await explained(world, 'l1');
    expect(verdict).toEqual({
      right: true,
      sentence: expect.stringMatching(
        /^The table is right: it .*; the source shows it, and row r1 of reports excludes it\.$/,
      ),
    });
    expect(row).toMatchObject({ leftOut: 'excluded' });
    expect(story.map(({ text }) => text).join('\n')).toMatch(
      /the row was soft-deleted by .*, since row r1 of reports excludes its record/,
    );
    expect(await verified(world)).toMatchObject({ compared: 9, differing: 0 });

    world.reports.clear();
    await engine.record('reports', 'r1');
    expect(await verified(world)).toMatchObject({ differing: 1, differences: [{ id: 'l1', found: 'deleted' }] });
    await engine.reconcile('leads');
    const after = await explained(world, 'l1');
    expect(after.verdict).toMatchObject({ right: true });
    expect(after.story.map(({ text }) => text).join('\n')).toMatch(
      /came back: no row of another table excludes its record any more/,
    );
  });
});

describe('a table of your own', () => {
  const excludedBy: LeadChanges['excludedBy'] = [
    {
      table: 'crm.blocked',
      connection: 'workspace',
      deletedAt: 'removed',
      id: 'no',
      match: [{ column: 'phone', equals: 'number' }],
    },
  ];

  test('excludes by its live rows of the same connection', async () => {
    const world = await startLeads(9, { excludedBy });
    const { engine } = world;
    await engine.db.raw(
      'create schema crm; create table crm.blocked (no bigint, workspace text, number text, removed timestamptz)',
    );
    await engine.db.raw(
      `insert into crm.blocked values (1, ?, '98765 10001', null), (2, ?, '98765 10002', now()), (3, 'other', '98765 10003', null)`,
      [connectionId, connectionId],
    );
    await engine.delta('leads');
    expect(await world.live()).toEqual(names(allBut(9, 1)));
    await engine.db.raw('delete from crm.blocked');
    await engine.reconcile('leads');
    expect(await world.live()).toEqual(names(allBut(9)));
  });

  test('that is missing fails the run, which says so', async () => {
    const world = await startLeads(2, { excludedBy });
    await expect(world.engine.delta('leads')).rejects.toMatchObject({
      cause: {
        cause: {
          type: 'DestinationIncompatible',
          message: expect.stringContaining(
            'There is no table or view crm.blocked. Entity leads names it in excludedBy',
          ),
        },
      },
    });
  });
});
