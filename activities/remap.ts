import { Context } from '@temporalio/activity';
import { remapRows } from '../destination/rows/remapRows';
import { getCursor } from '../destination/runs/cursors';
import { settleOwed } from '../destination/runs/owed';
import { advancePart, openPart, sumParts } from '../destination/runs/runParts';
import { endRun } from '../destination/runs/runs';
import { addCounts, type Counts, noCounts } from '../schema/answer';
import { TidemarkError } from '../schema/errors';
import type { RunResult, Target } from '../schema/workflows';
import { remapRecord } from '../source/record/remapRecord';
import { noteEndedAttempt } from './attempt/endedAttempt';
import { startLiveness } from './attempt/liveness';
import { assertComplete, ownRun } from './attempt/ownRun';
import { thisAttempt } from './attempt/thisAttempt';
import { runResult } from './delta/endDelta';
import type { ActivityDeps } from './deps';
import { runEnded } from './metrics';
import type { OpenTarget, TargetOpener } from './openTarget';
import { partitionsFor } from './parents';
import { judgeLeftOut } from './records/leftOut';

export interface FinishRunInput extends Target {
  readonly runId: string;
  /** kept with the run */
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

/** Rows are mapped and written together, and that is how long webhooks wait for the write lock: some 30 ms. */
const batchRows = 500;

/** What only operators start: the mapping again, and the end of runs that move no cursor. */
export function remapActivities(deps: ActivityDeps, openTarget: TargetOpener) {
  const { db } = deps;
  return {
    /** Rebuilds the typed columns from `raw`, batch by batch; killed anywhere, it goes on after the last committed one. */
    async remap(input: Target & { readonly runId: string }): Promise<{ counts: Counts; records: number }> {
      const open = await openTarget(input, 'backfill');
      refuseWhatCannotBe(open);
      await ownRun(db, input, ['remap']);
      const name = { runId: input.runId, step: 'remap', partition: '' };
      const { key, ...part } = await openPart(db, name, thisAttempt());
      const done = { counts: { ...noCounts, ...part.counts }, records: part.records };
      if (part.done) return done;
      const { cancellationSignal } = Context.current();
      const liveness = startLiveness();
      try {
        let after: string | null = typeof part.resumePoint?.after === 'string' ? part.resumePoint.after : '';
        while (after !== null) {
          cancellationSignal.throwIfAborted();
          const batch = await remapRows(db, {
            connectionId: input.connectionId,
            entity: open.entity,
            runId: input.runId,
            after,
            limit: batchRows,
            map: (id, raw, related, partition) =>
              remapRecord(open.entity, id, raw, { ...open.mapContext, partition }, related),
            alongside: (trx, { counts, last, rows }) =>
              advancePart(trx, key, {
                resumePoint: last === null ? null : { after: last },
                pages: 1,
                records: rows,
                requests: 0,
                counts,
                done: last === null,
              }),
          });
          deps.metrics.rows(input, batch.counts);
          done.counts = addCounts(done.counts, batch.counts);
          done.records += batch.rows;
          liveness.progress({ records: done.records, counts: done.counts });
          after = batch.last;
        }
        return done;
      } catch (error) {
        await noteEndedAttempt(deps, key, error);
        throw error;
      } finally {
        liveness.stop();
      }
    },

    /** Ends a run that has succeeded and moves no cursor. */
    async finishRun({ runId, details, ...target }: FinishRunInput): Promise<RunResult> {
      const claimed = await ownRun(db, { ...target, runId }, ['backfill', 'remap']);
      if (claimed.status === 'running') {
        const open = await openTarget(target, 'backfill');
        if (claimed.strategy === 'remap') assertComplete(claimed, await sumParts(db, runId, 'remap'), ['']);
        else assertComplete(claimed, await sumParts(db, runId, 'pull'), await partitionsFor(db, open, runId, 'pull'));
      }
      if (claimed.status === 'running')
        await judgeLeftOut(deps, await openTarget(target, 'backfill'), { runId, writtenBy: `run ${runId}` });
      const run = await endRun(db, runId, { status: 'succeeded', details });
      if (run.strategy === 'remap') await settleOwed(db, target, runId);
      runEnded(deps, run);
      return runResult(run, 'succeeded', await getCursor(db, target));
    },
  };
}

function refuseWhatCannotBe({ entity, target }: OpenTarget): void {
  const where = `${target.connectionId}/${target.entity}`;
  if (!entity.raw) {
    throw new TidemarkError(
      'Usage',
      `${where} keeps no raw records (raw: false), so nothing can be mapped again: read it again with \`tidemark sync --full\``,
    );
  }
}
