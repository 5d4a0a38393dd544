import { Context } from '@temporalio/activity';
import { stageLive } from '../../destination/rows/replaced/days';
import { advancePart, type PartKey } from '../../destination/runs/runParts';
import { noCounts } from '../../schema/answer';
import type { ParentPartition } from '../../schema/definition/partitions';
import { TidemarkError } from '../../schema/errors';
import type { ActivityDeps } from '../deps';
import { type OpenTarget, writeContext } from '../openTarget';
import { replaceDays } from '../replaced/replaceDays';

interface ScanDays {
  readonly runId: string;
  readonly step: string;
  readonly partition: string;
  readonly write: boolean;
  readonly parent?: ParentPartition;
  readonly partitioned: boolean;
  readonly key: PartKey;
  /** the staging table of the scan */
  readonly table: string;
  /** the last day that an earlier attempt has replaced; null: none */
  readonly after: string | null;
  readonly onProgress: (done: Read) => void;
}

const nothingRead = { resumePoint: null, pages: 0, records: 0, requests: 0, done: true };

interface Read {
  readonly pages: number;
  readonly records: number;
}

/**
 * A scan of an entity whose days are replaced: each day that `all` shows is replaced, and every row that is live then counts as listed, since what is absent
 * was judged day by day. Of a list without lines nothing counts as listed.
 */
export async function scanDays(deps: ActivityDeps, open: OpenTarget, input: ScanDays): Promise<Read> {
  const { entity, target, source } = open;
  const { key, parent, partition, table, after, runId } = input;
  const days = { connectionId: target.connectionId, entity, partition };
  // rows that wait for approval were left out by the list of their day; no other list confirms that
  if (input.step !== 'scan') {
    await deps.db.transaction(async (trx) => {
      const staged = await stageLive(trx, days, table, input.partitioned);
      await advancePart(trx, key, { ...nothingRead, counts: { ...noCounts }, staged });
    });
    return { pages: 0, records: 0 };
  }
  if (!input.write) {
    throw new TidemarkError(
      'Usage',
      `${target.connectionId}/${entity.name} has no ids to compare in a dry run: its lines are replaced day by day (replaced). ` +
        'Run a reconciliation: deletions above the deletion guard wait for approval',
    );
  }
  const { cancellationSignal } = Context.current();
  const done = { pages: 0, records: 0 };
  await replaceDays(deps, open, {
    ...{ key, parent, after, signal: cancellationSignal },
    context: writeContext(open, `run ${runId}`, true, partition),
    pages: (signal) =>
      source.streamAll(entity, 'all', { partition, parent, signal, reader: { runId, step: input.step } }),
    atEnd: async (trx, lines) => (lines === 0 ? 0 : stageLive(trx, days, table, input.partitioned)),
    onProgress: ({ pages, records }) => {
      Object.assign(done, { pages, records });
      input.onProgress({ ...done });
    },
  });
  return done;
}
