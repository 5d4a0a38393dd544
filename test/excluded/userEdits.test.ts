import { z } from 'zod';
import { readyContext } from '../../clients/operations/definition/context';
import { explainRecord } from '../../clients/operations/work/explain/explain';
import { waitingPlans } from '../../destination/readModels/statusFacts';
import { workflowNames } from '../../schema/workflows';
import { connectionId } from '../support/engine';
import { allBut, type LeadChanges, type Leads, leadsConnector, names, now, startLeads, v2 } from './leadSource';

const skip: LeadChanges = { conflict: 'skip' };

const edit = ({ engine }: Leads, id: string, changes: Record<string, unknown>) =>
  engine.db('shop_leads').where({ external_id: id }).update(changes);

const remap = async ({ engine }: Leads) =>
  (await engine.start(workflowNames.remap, { connectionId, entity: 'leads', trigger: 'cli' })).result();

const proof = async ({ engine }: Leads) => {
  const { rows } = await engine.db.raw(
    `select proof_unjudged as unjudged from tidemark.entities where entity = 'leads'`,
  );
  return rows[0].unjudged;
};

const explained = ({ engine }: Leads, id: string) => {
  const { db, connector, temporal, taskQueue } = engine;
  const context = readyContext({ db, connectors: [connector], client: temporal.client, taskQueue });
  return explainRecord(context, { connection: connectionId, entity: 'leads', id, source: true, wait: 45 });
};

const verified = async ({ engine }: Leads) =>
  (await engine.start(workflowNames.verify, { connectionId, entity: 'leads', sample: null })).result();

/** What a user makes of lead l1. */
const edits: Record<string, (world: Leads) => Promise<unknown>> = {
  'a column of the engine': (world) => edit(world, 'l1', { name: 'edited' }),
  'a column of the engine, to nothing': (world) => edit(world, 'l1', { name: null }),
  'a column of the user': async (world) => {
    await world.engine.db.raw(`alter table shop_leads add column note text, add column state text default 'new'`);
    await edit(world, 'l1', { note: 'called' });
  },
  'a column of the user with a default': async (world) => {
    await world.engine.db.raw(`alter table shop_leads add column state text default 'new'`);
    await edit(world, 'l1', { state: 'called' });
  },
  'a row that references it': async ({ engine }) => {
    await engine.db.raw(
      `create table calls (id bigint, connection text collate "C", lead text collate "C", foreign key (connection, lead) references shop_leads)`,
    );
    await engine.db.raw(`insert into calls values (1, ?, 'l1')`, [connectionId]);
  },
};

const leavesOut: Record<string, (world: Leads) => Promise<unknown>> = {
  'the mapping leaves out': async ({ engine, putLead }) => {
    for (const n of [1, 2]) putLead(n, now(), { hidden: true });
    await engine.delta('leads');
  },
  'a report excludes': async ({ engine, putReport }) => {
    for (const n of [1, 2]) putReport(n);
    await engine.delta('reports');
    await engine.reconcile('leads');
  },
};

describe("under the conflict policy `skip`, a row that carries a user's edits stays, although its record is left out", () => {
  test.each(Object.keys(edits).flatMap((what) => Object.keys(leavesOut).map((why) => [what, why] as const)))(
    'edited is %s, and %s the record; one without edits is deleted',
    async (what, why) => {
      const world = await startLeads(9, skip);
      await world.engine.delta('leads');
      await edits[what]?.(world);
      const before = await world.row('l1');
      await leavesOut[why]?.(world);
      expect(Object.keys(await world.live())).toEqual(Object.keys(names(allBut(9, 2))));
      const { _left_out: reason, ...after } = (await world.row('l1')) ?? {};
      expect(reason).toBe(why === 'a report excludes' ? 'excluded' : 'skipped');
      expect(after).toMatchObject({ name: before?.name, phone: before?.phone, deleted_at: null });
      expect(await waitingPlans(world.engine.db)).toEqual([]);
    },
  );

  test('a row is tested by what a user has made of it: one with another phone number is not excluded', async () => {
    const world = await startLeads(9, skip);
    await world.engine.delta('leads');
    await edit(world, 'l1', { phone: '11111 22222' });
    await leavesOut['a report excludes']?.(world);
    for (const again of [() => world.engine.delta('leads', true), () => world.engine.reconcile('leads')]) {
      await again();
      expect(await world.row('l1')).toMatchObject({ _left_out: null, deleted_at: null });
    }
    expect(await verified(world)).toMatchObject({ compared: 9, differing: 0 });
  });

  test('it is reported: by the proof, verify and explain', async () => {
    const world = await startLeads(9, skip);
    await world.engine.delta('leads');
    await edit(world, 'l1', { name: 'edited' });
    await leavesOut['a report excludes']?.(world);
    expect(await proof(world)).toEqual({ edited: 1 });
    expect(await verified(world)).toMatchObject({ compared: 9, differing: 0 });
    expect((await explained(world, 'l1')).verdict).toEqual({
      right: null,
      sentence:
        'The row is live, and stays: the source shows it, and row r1 of reports excludes it, but a user has edited the row.',
    });
    world.reports.clear();
    await world.engine.record('reports', 'r1');
    await world.engine.reconcile('leads');
    expect(await world.row('l1')).toMatchObject({ _left_out: null, name: 'edited' });
    expect(await proof(world)).toEqual({});
  });

  test('a row of before edits were noticed stays, since nothing is known of it', async () => {
    const world = await startLeads(9, skip);
    await world.engine.delta('leads');
    await edit(world, 'l1', { _inserted: null });
    await leavesOut['a report excludes']?.(world);
    expect(Object.keys(await world.live())).toEqual(Object.keys(names(allBut(9, 2))));
  });
});

describe('mapping all rows again under the conflict policy `skip`', () => {
  const wider = () =>
    leadsConnector({
      ...skip,
      row: z.object({ name: z.string(), phone: z.string().nullable(), kind: z.string(), initial: z.string() }),
      map: ({ name, phone, kind }) => ({
        ...{ name: `${name} mapped again`, phone: phone as string | null, kind: String(kind) },
        initial: String(name).charAt(0),
      }),
    } as LeadChanges);

  test('fills columns that are newer than a row, and nothing else; what users have filled meanwhile stays', async () => {
    const world = await startLeads(3, skip);
    await world.engine.delta('leads');
    await world.engine.worker.stop();
    await world.engine.startWorker({ connectors: [wider()] });
    world.putLead(3, now());
    await world.engine.delta('leads');
    await edit(world, 'l1', { name: null, initial: 'X' });
    expect(await remap(world)).toMatchObject({ outcome: 'succeeded', counts: { updated: 2 } });
    const { rows } = await world.engine.db.raw('select external_id as id, name, initial from shop_leads order by 1');
    expect(rows).toEqual([
      { id: 'l0', name: 'l0 of 2026-01', initial: 'l' },
      { id: 'l1', name: null, initial: 'X' },
      { id: 'l2', name: 'l2 of 2026-01', initial: 'l' },
      { id: 'l3', name: expect.stringMatching(/mapped again$/), initial: 'l' },
    ]);
    // what was filled is the engine's, and no edit; what a user had filled is one
    world.putReport(0);
    world.putReport(1);
    await world.engine.delta('reports');
    await world.engine.reconcile('leads');
    expect(Object.keys(await world.live())).toEqual(['l1', 'l2', 'l3']);
    expect(await remap(world)).toMatchObject({ counts: { updated: 0 } });
  });
});

test('whatever a second client edits while everything runs, no edit is lost', async () => {
  const count = 12;
  const world = await startLeads(count, skip);
  const { engine } = world;
  await engine.delta('leads');
  const last = new Map<string, string>();
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * below);
  };
  const editing = async (round: number) => {
    for (let n = 0; n < 20; n++) {
      const [id, column] = [`l${random(count)}`, random(2) === 0 ? 'name' : 'kind'];
      last.set(`${id} ${column}`, `edit ${round}.${n}`);
      await edit(world, id, { [column]: `edit ${round}.${n}` });
    }
  };
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < count; n++) world.putLead(n, now(), random(4) === 0 ? { hidden: true } : {});
    world.putReport(random(count));
    await Promise.all([
      editing(round),
      engine.delta('leads'),
      engine.delta('reports'),
      engine.reconcile('leads'),
      remap(world),
      engine.record('leads', `l${random(count)}`),
    ]);
  }
  world.putLead(0, v2);
  await engine.reconcile('leads');
  const { rows } = await engine.db.raw('select external_id as id, name, kind, deleted_at from shop_leads order by 1');
  const held = new Map<string, Record<string, unknown>>(rows.map((row: { id: string }) => [row.id, row]));
  expect(last.size).toBeGreaterThan(10);
  for (const [place, value] of last) {
    const [id = '', column = ''] = place.split(' ');
    expect([place, held.get(id)?.[column]]).toEqual([place, value]);
  }
});
