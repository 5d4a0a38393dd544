import type { Knex } from 'knex';
import { noteRelatedRead } from '../../destination/rows/related/oweAll';
import { getCursor } from '../../destination/runs/cursors';
import { settleOwed } from '../../destination/runs/owed';
import { endRun, type Run } from '../../destination/runs/runs';
import { assertTokens } from '../../destination/runs/tokens';
import { settleUnread } from '../../destination/runs/unreadParts';
import { clearKeyless } from '../../destination/setAside/clearKeyless';
import { noCounts } from '../../schema/answer';
import { heldBackMs } from '../../schema/definition/listings/listing';
import { parseDuration } from '../../schema/duration';
import type { RunOutcome, RunResult } from '../../schema/workflows';
import type { OpenTarget } from '../openTarget';
import { beginRelated } from './relatedChanges';

/** Ends a delta that has read all it was to read: the run and the cursors of its partitions in one transaction. */
export async function endDelta(db: Knex.Transaction, open: OpenTarget, runId: string): Promise<Run> {
  const { entity, target } = open;
  const { all, changes } = entity.listings;
  const lookback = parseDuration(entity.lookback);
  const tokens = changes?.feed !== undefined;
  if (tokens) await assertTokens(db, runId, target);
  const run = await endRun(db, runId, {
    status: 'succeeded',
    cursorLead: { all: lookback + heldBackMs(all), changes: lookback + heldBackMs(changes), tokens },
  });
  if (run.status === 'succeeded') await beginRelated(db, open, run);
  if (entity.parents !== undefined) await settleUnread(db, runId, 'pull');
  if (run.full) {
    await clearKeyless(db, runId, true);
    await settleOwed(db, run, runId);
    if (entity.related !== undefined) await noteRelatedRead(db, run.connectionId, run.entity, runId);
  }
  return run;
}

/** What a delta that has succeeded comes to, with the cursor as it is now where the run did not move it. */
export async function deltaResult(db: Knex, run: Run): Promise<RunResult> {
  return runResult(run, 'succeeded', run.cursorAfter ?? (await getCursor(db, run)));
}

export function runResult(run: Run, outcome: RunOutcome, cursor: Date | null): RunResult {
  return {
    connectionId: run.connectionId,
    entity: run.entity,
    outcome,
    runId: run.id,
    counts: { ...noCounts, ...run.counts },
    pages: run.pages,
    cursor: cursor === null ? null : cursor.toISOString(),
  };
}
