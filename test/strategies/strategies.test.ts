import type { Simulator } from '../../connectors/planning-center/simulator';
import { getRun } from '../../destination/runs/runs';
import type { RunResult } from '../../schema/workflows';
import { type Engine, startChurch } from '../support/engine';

/** The three strategies over the simulated source, from first sync to confirmed deletes. */
const table = 'planning_center_people';
let engine: Engine;
let control: Simulator['control'];
let ids: string[];
let firstSync: RunResult;
let firstSyncBegan: number;
let firstLogged: string | undefined;

/** Every live record of the source has exactly one live row with the same name, and no other row is live. */
async function expectEqual(): Promise<void> {
  const rows = await engine.rows(table);
  const records = [...control.all('people')];
  expect([...rows.keys()].sort()).toEqual(records.map(({ id }) => id).sort());
  for (const record of records) expect(rows.get(record.id)?.last_name).toBe(record.attributes.last_name);
}

const atSource = () => [...control.all('people')].map(({ id }) => id);

/** Makes source and table equal, whatever a test has left: what the table still has comes back at the source. */
async function makeEqual(): Promise<void> {
  const listed = new Set(atSource());
  for (const id of (await engine.rows(table)).keys()) if (!listed.has(id)) control.create('people', { id });
  await engine.delta('people');
  await expectEqual();
}

/** Puts what the rows hold back by a minute, as if they had not just been received: absence from a scan counts only then. */
const aMinuteLater = () =>
  engine.db.raw(
    `update ${table} set _sent_at = _sent_at - interval '1 minute', _received_at = _received_at - interval '1 minute'`,
  );

const row = async (id: string) =>
  (await engine.db(table).where({ external_id: id }).first()) as Record<string, unknown>;

/** Without the cache, every workflow task replays the workflow from its history. */
describe.each([
  ['cached', {}],
  ['not cached', { maxCachedWorkflows: 0 }],
])('workflows %s', (_how, worker) => {
  beforeAll(async () => {
    ({ engine, control } = await startChurch({ people: 250 }, worker));
    firstSyncBegan = Date.now();
    firstSync = await engine.delta('people');
    firstLogged = control.log()[0]?.at;
  });
  beforeEach(() => {
    control.clearFaults();
    control.hide('people', false);
    control.setClock({ offsetMs: 0 });
    ids = atSource();
  });

  describe('delta', () => {
    test('the first sync writes every record once and puts the cursor before its first request', async () => {
      const result = firstSync;
      expect(result).toMatchObject({ outcome: 'succeeded', counts: { inserted: 250, updated: 0, errors: 0 } });
      const firstRequest = Date.parse(firstLogged ?? '');
      const lookback = 60_000;
      expect(Date.parse(result.cursor ?? '')).toBeLessThanOrEqual(firstRequest - lookback);
      // the source writes its own time in whole seconds, and clocks are told apart within a few
      expect(Date.parse(result.cursor ?? '')).toBeGreaterThan(firstSyncBegan - lookback - 5_000);
      expect(await engine.db(table).where('synced_at', '<', new Date(firstSyncBegan))).toEqual([]);
    });

    test('a change is found, everything else is left unwritten, and the cursor moves forward', async () => {
      await makeEqual();
      const [changed, other] = ids as [string, string];
      const untouched = await row(other);
      control.change('people', changed, { attributes: { last_name: 'Changed' } });
      control.create('people', { attributes: { first_name: 'New', last_name: 'Person' } });
      const result = await engine.delta('people');
      expect(result.counts).toMatchObject({ inserted: 1, updated: 1, refused: 0, disputed: 0 });
      expect(await row(other)).toEqual(untouched);
      await expectEqual();
      expect((await engine.delta('people')).counts).toMatchObject({ inserted: 0, updated: 0 });
    });

    test('a full run reads everything and writes nothing that is as it was', async () => {
      await makeEqual();
      ids = atSource();
      const result = await engine.delta('people', true);
      expect(result.counts).toMatchObject({ inserted: 0, updated: 0, unchanged: ids.length });
    });

    test('a run that fails leaves the cursor, says why, and the next one goes on', async () => {
      const { cursor } = await engine.delta('people');
      control.addFault({ match: 'where[updated_at]', fault: { kind: 'status', status: 401 } });
      await expect(engine.delta('people')).rejects.toThrow();
      control.clearFaults();
      const [run] = (
        await engine.db.raw(
          `select id::text, status, error_type, error, cursor_after from tidemark.runs order by runs.id desc limit 1`,
        )
      ).rows;
      expect(run).toMatchObject({ status: 'failed', error_type: 'CredentialsRefused', cursor_after: null });
      expect(run.error).not.toContain('pass');
      const [{ at }] = (await engine.db.raw('select at from tidemark.cursors')).rows;
      expect(at.toISOString()).toBe(cursor);
      expect(await engine.delta('people')).toMatchObject({ outcome: 'succeeded' });
    });

    test('a filter that does not filter fails the run instead of walking the whole table', async () => {
      control.setClock({ offsetMs: 3 * 86_400_000 });
      await engine.delta('people');
      control.addFault({ match: 'where[updated_at]', fault: { kind: 'ignoreFilter' } });
      await expect(engine.delta('people')).rejects.toMatchObject({ cause: { cause: { type: 'ContractBroken' } } });
      control.clearFaults();
      control.setClock({ offsetMs: 0 });
    });

    test('a second run of the same entity ends as already running and changes nothing', async () => {
      control.addFault({ match: '/people/v2/people?', count: 1, fault: { kind: 'slow', ms: 1500 } });
      const [one, two] = await Promise.all([engine.delta('people'), engine.delta('people')]);
      const outcomes = [one.outcome, two.outcome].sort();
      expect(outcomes).toEqual(['already-running', 'succeeded']);
      const [winner, loser] = one.outcome === 'succeeded' ? [one, two] : [two, one];
      expect(loser.runId).toBe(winner.runId);
      control.clearFaults();
    });
  });

  describe('reconciliation', () => {
    beforeEach(async () => {
      await makeEqual();
      await aMinuteLater();
      ids = atSource();
    });

    test('a deleted record is soft-deleted after the source confirmed it; everything else stays', async () => {
      const gone = ids[5] as string;
      control.delete('people', gone);
      const dry = await engine.reconcile('people', true);
      expect(dry).toMatchObject({ outcome: 'succeeded', dryRun: true, gone: 1, deleted: 0 });
      expect((await row(gone)).deleted_at).toBeNull();
      const result = await engine.reconcile('people');
      expect(result).toMatchObject({
        outcome: 'succeeded',
        scanned: ids.length - 1,
        gone: 1,
        deleted: 1,
        missing: 0,
        stale: 0,
        reason: null,
      });
      expect(await row(gone)).toMatchObject({ deleted_at: expect.any(Date), last_name: expect.any(String) });
      await expectEqual();
      const [proof] = (await engine.db.raw('select proof_differences from tidemark.entities')).rows;
      expect(proof.proof_differences).toBe(1);
    });

    test('what a delta missed is fetched: a record and a change with times before the cursor', async () => {
      control.commitLate('people', ids[7] as string, 5 * 86_400_000, { last_name: 'Late' });
      const missed = control.create('people', {
        updatedAt: '2020-01-01T00:00:00Z',
        attributes: { last_name: 'Missed' },
      });
      expect((await engine.delta('people')).counts).toMatchObject({ inserted: 0, updated: 0 });
      const result = await engine.reconcile('people');
      expect(result).toMatchObject({ missing: 1, stale: 1, gone: 0 });
      expect((await row(missed)).last_name).toBe('Missed');
      await expectEqual();
    });

    test('a row that was received just now is no candidate of absence, but the source is asked for it', async () => {
      const fresh = control.create('people', { attributes: { last_name: 'Fresh' } });
      await engine.record('people', fresh);
      control.delete('people', fresh);
      expect(await engine.reconcile('people')).toMatchObject({ gone: 0, unlisted: 1, deleted: 1 });
      await expectEqual();
    });

    test('a record that is not listed but still answers is not deleted', async () => {
      control.addFault({ match: '/people?', fault: { kind: 'window', max: 200 } });
      const result = await engine.reconcile('people');
      control.clearFaults();
      expect(result).toMatchObject({ scanned: 200, gone: ids.length - 200, deleted: 0 });
      await expectEqual();
    });

    test('an empty list with 200 deletes nothing and says why', async () => {
      control.hide('people');
      const result = await engine.reconcile('people');
      control.hide('people', false);
      expect(result).toMatchObject({
        outcome: 'waiting',
        deleted: 0,
        gone: ids.length,
        reason: expect.stringContaining('listed nothing'),
      });
      expect((await getRun(engine.db, result.runId as string)).status).toBe('waiting');
      await expectEqual();
    });

    test('when even listed records answer 404, nothing is deleted: the token is of another account', async () => {
      control.delete('people', ids[9] as string);
      control.addFault({ match: '/\\/people\\/\\d+/', fault: { kind: 'status', status: 404 } });
      const result = await engine.reconcile('people');
      control.clearFaults();
      expect(result).toMatchObject({
        outcome: 'waiting',
        gone: 1,
        deleted: 0,
        reason: expect.stringContaining('proves nothing'),
      });
      expect((await engine.reconcile('people')).deleted).toBe(1);
      await expectEqual();
    });

    test('a plan above the guard waits and does not hold up the next reconciliation', async () => {
      for (const id of ids.slice(0, 130)) control.delete('people', id);
      const result = await engine.reconcile('people');
      expect(result).toMatchObject({
        outcome: 'waiting',
        gone: 130,
        deleted: 0,
        reason: expect.stringContaining('deletion guard'),
      });
      expect((await engine.rows(table)).size).toBe(ids.length);
      expect((await engine.reconcile('people')).outcome).toBe('waiting');
    });
  });

  describe('a single record', () => {
    test('is created, updated, deleted and seen alive again', async () => {
      const id = control.create('people', { attributes: { last_name: 'Single' } });
      expect(await engine.record('people', id)).toMatchObject({ outcome: 'inserted', fetches: 1 });
      control.change('people', id, { attributes: { last_name: 'Married' } });
      expect(await engine.record('people', id)).toMatchObject({ outcome: 'updated' });
      expect((await row(id)).last_name).toBe('Married');
      control.delete('people', id);
      expect(await engine.record('people', id)).toMatchObject({ outcome: 'deleted' });
      expect((await row(id)).deleted_at).not.toBeNull();
      expect(await engine.record('people', '999')).toMatchObject({ outcome: 'unchanged' });
      expect(await row('999')).toMatchObject({ deleted_at: expect.any(Date), last_name: null });
    });
  });
});
