import { z } from 'zod';
import type { Simulator } from '../../connectors/planning-center/simulator';
import { claimRun, endRun } from '../../destination/runs/runs';
import { defineConnector } from '../../schema/definition/connector';
import { SkipRecord } from '../../schema/errors';
import type { RunResult } from '../../schema/workflows';
import { workflowNames } from '../../schema/workflows';
import { cursor, failureOf, people } from '../invariants/support';
import { secretValue, someThings, startThings, type Things } from '../invariants/thingsSource';
import { activitiesOf } from '../support/activities';
import { connectionId, type Engine, startChurch, startEngine } from '../support/engine';

const run = (engine: Engine, workflow: string, input: object) =>
  engine.start<RunResult>(workflow, { connectionId, trigger: 'api', ...input });

describe('backfill', () => {
  let engine: Engine;
  let control: Simulator['control'];

  beforeAll(async () => {
    ({ engine, control } = await startChurch({ people: 60 }));
    await engine.delta('people');
  });

  test('reads what changed since the instant, mends what was lost, and leaves the cursor', async () => {
    const [first] = [...control.all('people')].map(({ id }) => id) as [string];
    await engine.db.raw(`delete from ${people} where external_id = ?`, [first]);
    const before = await cursor(engine);
    control.clearLog();
    const handle = await run(engine, workflowNames.backfill, { entity: 'people', since: '2000-01-01T00:00:00.000Z' });
    expect(await handle.result()).toMatchObject({ outcome: 'succeeded', counts: { inserted: 1, unchanged: 59 } });
    expect(control.log().some(({ query }) => query.includes('where[updated_at][gte]=2000-01-01T00:00:00Z'))).toBe(true);
    expect(await cursor(engine)).toBe(before);
    const { rows } = await engine.db.raw(
      `select strategy, status, cursor_after, details from tidemark.runs order by id desc limit 1`,
    );
    expect(rows).toEqual([
      { strategy: 'backfill', status: 'succeeded', cursor_after: null, details: { since: '2000-01-01T00:00:00.000Z' } },
    ]);
  });

  test('runs beside a delta, but not beside another backfill', async () => {
    const place = {
      connectionId,
      entity: 'people',
      strategy: 'backfill',
      trigger: 'api',
      dryRun: false,
      full: false,
    } as const;
    const claimed = await claimRun(engine.db, { ...place, workflowId: 'another', workflowRunId: 'another' });
    if (!('run' in claimed)) throw new Error('another backfill is on');
    const input = { entity: 'people', since: '2000-01-01T00:00:00.000Z' };
    const second = await (await run(engine, workflowNames.backfill, input)).result();
    expect(second).toMatchObject({ outcome: 'already-running', runId: claimed.run.id });
    expect(await engine.delta('people')).toMatchObject({ outcome: 'succeeded' });
    await endRun(engine.db, claimed.run.id, { status: 'cancelled' });
    expect(await (await run(engine, workflowNames.backfill, input)).result()).toMatchObject({ outcome: 'succeeded' });
  });

  test('a failure is recorded', async () => {
    control.addFault({ match: 'where[updated_at]', fault: { kind: 'status', status: 401 } });
    const handle = await run(engine, workflowNames.backfill, { entity: 'people', since: '2000-01-01T00:00:00.000Z' });
    expect(await failureOf(handle.result())).toBe('CredentialsRefused');
    control.clearFaults();
  });
});

describe('remap', () => {
  const table = 'acme_things';
  let engine: Engine;
  let things: Things;
  const guards = async () =>
    (
      await engine.db.raw(
        `select external_id, _version, _sent_at, _received_at, _watermark_at, _disputed_at, _written_by, deleted_at, raw from ${table} order by 1`,
      )
    ).rows;
  const row = async (id: string) => engine.db(table).where({ external_id: id }).first();

  beforeAll(async () => {
    things = await startThings(someThings(1203));
    engine = await startEngine({
      connector: things.connector,
      settings: { baseUrl: things.source.baseUrl },
      secrets: { token: secretValue },
    });
    await engine.delta('things');
    things.records.delete('t1005');
    await engine.record('things', 't1005');
    await engine.record('things', 'never-was');
    await engine.worker.stop();
  });

  /** The same entity with another mapping and one more column. */
  function remapped(): Things['connector'] {
    const entity = things.connector.entities.get('things');
    if (!entity) throw new Error('no entity things');
    const row = z.object({
      name: z.string().nullable(),
      amount: z.number().nullable().meta({ column: 'numeric(6,2)' }),
      shout: z.string(),
    });
    const map = (record: { id: string; name: string; amount: number }) => {
      if (record.id === 't1001') throw new SkipRecord('left out by the new mapping');
      if (record.id === 't1002') throw new Error('not mapped');
      const amount = record.id === 't1003' ? 1e9 : record.amount;
      return { name: record.name, amount, shout: record.name.toUpperCase() };
    };
    const { settings, secrets, auth } = things.connector;
    const columns = [...entity.columns, { name: 'shout', type: 'text' }];
    return defineConnector({
      name: 'acme',
      settings,
      secrets,
      auth,
      entities: [{ ...entity, row, columns, map: map as never }],
    });
  }

  test('columns follow the new mapping; versions, lines, deletes and raw stay; the source is not asked; bad rows are set aside', async () => {
    const before = await guards();
    await engine.startWorker({ connectors: [remapped()] });
    const asked = things.source.requests.length;
    const handle = await run(engine, workflowNames.remap, { entity: 'things' });
    const result = await handle.result();
    // t1001 skipped and soft-deleted for that, t1002 and t1003 set aside, the deleted one mapped too, the one without content left alone
    expect(result).toMatchObject({
      outcome: 'succeeded',
      pages: 3,
      counts: { updated: 1200, unchanged: 1, skipped: 1, errors: 2, deleted: 1 },
    });
    expect(things.source.requests).toHaveLength(asked);
    const but = (all: { external_id: string }[]) => all.filter(({ external_id }) => external_id !== 't1001');
    expect(but(await guards())).toEqual(but(before));
    expect(await row('t1001')).toMatchObject({ deleted_at: expect.any(Date), _left_out: 'skipped' });
    expect(await row('t1100')).toMatchObject({ shout: 'THING 100' });
    expect(await row('t1005')).toMatchObject({ shout: 'THING 5', deleted_at: expect.any(Date) });
    for (const [id, reason] of [
      ['t1001', 'skipped'],
      ['t1002', 'invalid'],
      ['t1003', 'invalid'],
    ] as const) {
      expect(await row(id)).toMatchObject({ shout: null, name: expect.any(String) });
      const { rows } = await engine.db.raw(
        'select reason from tidemark.set_aside where external_id = ? and cleared_at is null',
        [id],
      );
      expect(rows).toEqual([{ reason }]);
    }
    const again = await (await run(engine, workflowNames.remap, { entity: 'things' })).result();
    expect(again.counts).toMatchObject({ updated: 0, unchanged: 1201, skipped: 1, errors: 2 });
  });

  test('an attempt that another has taken over from writes nothing', async () => {
    const activities = await activitiesOf(engine);
    const { rows } = await engine.db.raw(`select max(id)::text as id from tidemark.runs where strategy = 'remap'`);
    await expect(activities('remap', 1, { connectionId, entity: 'things', runId: rows[0].id })).rejects.toMatchObject({
      type: 'FenceLost',
    });
  });

  test('columns that belong to the user are not overwritten', async () => {
    const skipping = await startThings(someThings(3), { conflict: 'skip' });
    const other = await startEngine({
      connector: skipping.connector,
      settings: { baseUrl: skipping.source.baseUrl },
      secrets: { token: secretValue },
    });
    await other.delta('things');
    await other.db.raw(
      `update ${table} set name = 'edited' where external_id = (select min(external_id) from ${table})`,
    );
    const handle = await run(other, workflowNames.remap, { entity: 'things' });
    expect(await handle.result()).toMatchObject({ outcome: 'succeeded', counts: { updated: 0, unchanged: 3 } });
    const { rows } = await other.db.raw(`select name from ${table} order by external_id limit 1`);
    expect(rows).toEqual([{ name: 'edited' }]);
  });
});
