import { ApplicationFailure } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { z } from 'zod';
import { approvePlan } from '../../clients/operations/work/decide';
import { storeEvents } from '../../destination/inbox/inbox';
import { countItems, getPlan } from '../../destination/plans/plans';
import { SkipRecord } from '../../schema/errors';
import {
  type ReconciliationResult,
  type RunResult,
  type SyncRecordsResult,
  workflowNames,
} from '../../schema/workflows';
import { someThings, startThings, type Thing, type Things, thingsPage } from '../invariants/thingsSource';
import { connectionId, type Engine, startEngine } from '../support/engine';

jest.setTimeout(120_000);

/** Every record that a run reads, fetches or deletes is in exactly one of its counts, whatever the run is. */
const size = 260;
const live = size - 3;
const target = { connectionId, entity: 'things' };

interface Part {
  readonly step: string;
  readonly records: number;
  readonly counts: Record<string, number>;
}

/** A source with a record that is skipped, one that cannot be read, one that PostgreSQL refuses, and one that is listed twice. */
function records(): Thing[] {
  const all = someThings(size);
  const change = (index: number, to: object) => all.splice(index, 1, { ...all[index], ...to } as Thing);
  change(10, { name: 'left out' });
  change(20, { name: 5 });
  change(30, { amount: 1e9 });
  return all;
}

const map = (record: Record<string, unknown>) => {
  if (record.name === 'left out') throw new SkipRecord('left out by the mapping');
  return { name: record.name as string, amount: record.amount as number };
};

const forms = {
  'with ids and one': {},
  'with one and no ids': { listings: { one: { path: '/things/{id}' } } },
  'with neither': { listings: {} },
} as const;

/** The next batch that is done counts as failed at Temporal. */
let losesBatch = false;
const losingBatches: ActivityInterceptorsFactory = ({ info }) => ({
  inbound: {
    execute: async (input, next) => {
      const result = await next(input);
      if (!losesBatch || info.activityType !== 'syncBatch') return result;
      losesBatch = false;
      throw ApplicationFailure.retryable('the worker died', 'Died');
    },
  },
});

describe.each(Object.entries(forms))('an entity %s', (form, { listings }: { listings?: object }) => {
  let things: Things;
  let engine: Engine;
  let first: RunResult;
  const byIds = listings === undefined;
  const hasOne = form !== 'with neither';

  beforeAll(async () => {
    const changes = { since: { param: 'since', form: 'iso-seconds', boundary: 'inclusive' } } as const;
    things = await startThings(records(), {
      map,
      row: z.object({ name: z.string(), amount: z.number().meta({ column: 'numeric(6,2)' }) }) as never,
      ...(listings && { listings: { all: thingsPage, changes: { ...thingsPage, ...changes }, ...listings } }),
    });
    engine = await startEngine({
      connector: things.connector,
      settings: { baseUrl: things.source.baseUrl },
      secrets: { token: 'hunter2-hunter2' },
      worker: { activityInterceptors: [losingBatches] },
    });
    first = await engine.delta('things');
  });

  const start = async <T>(workflow: string, input: object) =>
    (await engine.start<T>(workflow, { ...target, trigger: 'api', ...input })).result() as Promise<T>;
  const longAgo = () =>
    engine.db.raw(
      `update acme_things set _sent_at = _sent_at - interval '1 minute', _received_at = _received_at - interval '1 minute'`,
    );
  const sum = ({ disputed: _besides, ...counts }: Record<string, number>) =>
    Object.values(counts).reduce((total, count) => total + count, 0);

  /** Each part that writes counts what it read once; the run counts what its parts do, and says so; returns the records. */
  async function addsUp({ runId, counts }: Pick<RunResult, 'runId' | 'counts'>, listsOnly: readonly string[] = []) {
    const parts: Part[] = (
      await engine.db.raw('select step, records, counts from tidemark.run_parts where run_id = ? order by step', [
        runId,
      ])
    ).rows;
    const writing = parts.filter(({ step }) => !listsOnly.includes(step));
    expect(writing.map(({ step, counts: of }) => [step, sum(of)])).toEqual(
      writing.map(({ step, records: read }) => [step, read]),
    );
    const [run] = (await engine.db.raw('select counts from tidemark.runs where id = ?', [runId])).rows;
    expect(counts).toMatchObject(run.counts);
    const read = writing.reduce((total, part) => total + part.records, 0);
    expect(sum({ ...counts })).toBe(read);
    return read;
  }

  /** Each difference that a plan found has one outcome. */
  async function planAddsUp(planId: string | null, open: number) {
    const plan = await getPlan(engine.db, planId ?? '');
    const items = await countItems(engine.db, planId ?? '');
    const count = (...which: string[]) =>
      items.filter(({ difference }) => which.includes(difference)).reduce((all, item) => all + Number(item.count), 0);
    const stillOpen = items
      .filter(({ outcome }) => outcome === 'open')
      .reduce((all, item) => all + Number(item.count), 0);
    expect({ gone: plan?.gone, unlisted: plan?.unlisted }).toEqual({
      gone: count('gone'),
      unlisted: count('unlisted'),
    });
    if (byIds)
      expect({ missing: plan?.missing, stale: plan?.stale }).toEqual({
        missing: count('missing'),
        stale: count('stale'),
      });
    const deleted = items.find(({ outcome }) => outcome === 'deleted')?.count ?? 0;
    expect([plan?.deleted, stillOpen]).toEqual([Number(deleted), open]);
  }
  const scanned = byIds ? ['scan', 'second-scan'] : ['second-scan'];

  test('a first delta, a delta, a full one', async () => {
    expect(await addsUp(first)).toBe(size);
    const [one, second] = [...things.records.values()] as [Thing, Thing];
    const now = new Date().toISOString().replace(/\.\d+Z/, 'Z');
    things.records.set(one.id, { ...one, updated_at: now, name: 'changed' });
    things.records.set(second.id, { ...second, updated_at: now, name: 'left out' });
    // the row of the second is deleted
    expect(await addsUp(await engine.delta('things'))).toBe(3);
    const full = await engine.delta('things', true);
    expect(await addsUp(full)).toBe(size);
    expect(full.counts).toMatchObject({ skipped: 2, errors: 2 });
    const later = new Date(Date.parse(now) + 1000).toISOString().replace(/\.\d+Z/, 'Z');
    things.records.set(second.id, { ...second, updated_at: later });
    expect(await addsUp(await engine.delta('things'))).toBe(2);
  });

  test('a backfill, and a remap', async () => {
    const since = '2000-01-01T00:00:00.000Z';
    expect(await addsUp(await start<RunResult>(workflowNames.backfill, { since }))).toBe(size);
    const remapped = await start<RunResult>(workflowNames.remap, {});
    expect(await addsUp(remapped)).toBe(live);
    expect(remapped.counts).toMatchObject({ unchanged: live });
  });

  test('a reconciliation that finds some of everything, and one that only looks', async () => {
    await longAgo();
    const [gone, ...ids] = [...things.records.keys()].slice(100) as [string, ...string[]];
    things.records.delete(gone);
    await engine.db.raw('delete from acme_things where external_id = any(?)', [ids.slice(0, 3)]);
    await engine.db.raw(`update acme_things set _version = '0', name = 'other' where external_id = any(?)`, [
      ids.slice(3, 8),
    ]);
    const dry = await engine.reconcile('things', true);
    // the two that cannot be written are missing each time
    expect(dry).toMatchObject({ scanned: size - 1, missing: 5, stale: 5, gone: 1, deleted: 0 });
    const result = await engine.reconcile('things');
    expect(result).toMatchObject({ scanned: size - 1, missing: 5, stale: 5, gone: 1, deleted: 1 });
    await addsUp(result, scanned);
    await planAddsUp(result.planId, 0);
    expect(Object.values(result.causes).reduce((all, count) => all + count, 0)).toBe(9);
    // what is set aside is not judged: it is no difference that was found and corrected
    const proofs = await engine.db.raw('select proof_differences, proof_unjudged from tidemark.entities');
    expect(proofs.rows).toEqual([{ proof_differences: 9, proof_unjudged: { setAside: 2 } }]);
    expect(result.counts).toMatchObject({ inserted: 3, updated: 5, deleted: 1 });
    expect((await engine.rows('acme_things')).size).toBe(result.scanned - 3);
  });

  test('one that reads the whole list, since much is missing', async () => {
    await longAgo();
    await engine.db.raw(
      'delete from acme_things where external_id in (select external_id from acme_things where deleted_at is null limit 230)',
    );
    const result = await engine.reconcile('things');
    expect(result).toMatchObject({ missing: 232, stale: 0, counts: { inserted: 230 } });
    await addsUp(result, scanned);
    await planAddsUp(result.planId, 0);
  });

  test('a plan that waits, and the run that applies it: what is still live, exempt and gone', async () => {
    await longAgo();
    const ids = [...things.records.keys()].slice(40, 160);
    const hidden = ids.slice(0, 2);
    for (const id of ids) {
      if (hidden.includes(id)) things.unlisted.add(id);
      else things.records.delete(id);
    }
    const waiting: ReconciliationResult = await engine.reconcile('things');
    expect(waiting).toMatchObject({ outcome: 'waiting', gone: 120, deleted: 0 });
    await addsUp(waiting, scanned);
    await planAddsUp(waiting.planId, 120);
    // one row is written since: whatever the source says, absence does not delete it
    await engine.db.raw('update acme_things set _received_at = clock_timestamp() where external_id = ?', [
      ids[5] ?? '',
    ]);
    for (const id of hidden) things.unlisted.delete(id);
    const context = { db: engine.db, client: engine.temporal.client, taskQueue: engine.taskQueue };
    const by = { actor: 'test', reason: 'the campus was closed' };
    const handle = await approvePlan(context, waiting.planId ?? '', by);
    const applied = await handle.result();
    expect(await addsUp(applied, ['second-scan'])).toBe(hasOne ? 120 : 118);
    await planAddsUp(waiting.planId, 0);
    expect(applied).toMatchObject({ outcome: 'succeeded', deleted: 117, counts: { deleted: 117 } });
  });

  if (!hasOne) return;

  test('a batch of webhook events, and one of named records', async () => {
    const [changed, gone, ...rest] = [...things.records.keys()] as [string, string, ...string[]];
    things.records.set(changed, {
      ...(things.records.get(changed) as Thing),
      updated_at: '2026-11-01T00:00:00Z',
      name: 'told',
    });
    things.records.delete(gone);
    const ids = [changed, gone, 'never-was', 't1010', 't1020', 't1030', rest[5] ?? ''];
    await storeEvents(
      engine.db,
      ids.map((id) => ({ ...target, eventId: `event-${id}`, type: 'changed', id, headers: {}, body: '{}' })),
    );
    const told = await start<SyncRecordsResult>(workflowNames.syncRecords, { batch: { of: 'inbox' } });
    expect([told.fetches, sum({ ...told.counts })]).toEqual([ids.length, ids.length]);
    expect(told.counts).toMatchObject({ updated: 1, deleted: 1, errors: 2, skipped: 1 });
    const named = await start<SyncRecordsResult>(workflowNames.syncRecords, { batch: { of: 'ids', ids } });
    expect([named.fetches, sum({ ...named.counts })]).toEqual([ids.length, ids.length]);
  });

  test('a batch whose first result is lost counts what both attempts did, and asks for nothing twice', async () => {
    const ids = [...things.records.keys()].slice(0, 60);
    await engine.db.raw('delete from acme_things where external_id = any(?)', [ids.slice(0, 3)]);
    losesBatch = true;
    const before = things.source.requests.length;
    const named = await start<SyncRecordsResult>(workflowNames.syncRecords, { batch: { of: 'ids', ids } });
    expect(losesBatch).toBe(false);
    expect([named.fetches, sum({ ...named.counts })]).toEqual([ids.length, ids.length]);
    expect(named.counts).toMatchObject({ inserted: 3 });
    expect(things.source.requests.length - before).toBe(ids.length);
    await engine.db.raw('delete from acme_things where external_id = any(?)', [ids.slice(0, 3)]);
    await storeEvents(
      engine.db,
      ids.map((id) => ({ ...target, eventId: `second-${id}`, type: 'changed', id, headers: {}, body: '{}' })),
    );
    losesBatch = true;
    const told = await start<SyncRecordsResult>(workflowNames.syncRecords, { batch: { of: 'inbox' } });
    expect([told.fetches, told.counts.inserted]).toEqual([ids.length, 3]);
  });
});
