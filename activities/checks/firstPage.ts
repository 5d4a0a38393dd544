import { Context } from '@temporalio/activity';
import type { FirstPageInput, FirstPageResult } from '../../schema/definition/checks';
import { TidemarkError } from '../../schema/errors';
import { alive } from '../attempt/liveness';
import type { ActivityDeps } from '../deps';
import type { OpenTarget, TargetOpener } from '../openTarget';
import { partitionsNow, type ReadPartition } from '../parents';

/** Reads the first page of a list, so that an operator sees what the credentials may read. */
export function firstPageActivities({ db }: ActivityDeps, openTarget: TargetOpener) {
  return {
    /** Sends the first request of `all`; writes nothing. Only counts leave it: histories hold no content. */
    async readFirstPage({ connectionId, entity }: FirstPageInput): Promise<FirstPageResult> {
      const target = { connectionId, entity };
      const open = await openTarget(target, 'webhook');
      const partition = await firstPartition(db, open);
      if (typeof partition === 'string') return { ...target, records: null, more: false, detail: partition };
      const page = await alive(() => firstPageOf(open, partition));
      if (page === undefined) return { ...target, records: null, more: false, detail: madeAsJob };
      return { ...target, ...page, detail: '' };
    },
  };
}

const madeAsJob = 'its list is a report that the source makes as a job, which the first run starts';

/** Undefined where the list is a report that is not answered at once: a job is started by runs only. */
async function firstPageOf(
  { entity, source }: OpenTarget,
  partition: ReadPartition,
): Promise<(Pick<FirstPageResult, 'more'> & { readonly records: number }) | undefined> {
  const signal = Context.current().cancellationSignal;
  try {
    for await (const { records, resumePoint } of source.streamAll(entity, 'all', { ...partition, signal })) {
      return { records: records.length, more: resumePoint !== null };
    }
  } catch (error) {
    const needsJob = error instanceof TidemarkError && error.type === 'Usage';
    if (entity.listings.all.report === undefined || !needsJob) throw error;
    return undefined;
  }
  return { records: 0, more: false };
}

/** The first partition, or why none is known. */
async function firstPartition(db: ActivityDeps['db'], open: OpenTarget): Promise<ReadPartition | string> {
  try {
    const [first] = await partitionsNow(db, open, 1);
    return first ?? { partition: '' };
  } catch (error) {
    const unknownParents = error instanceof TidemarkError && error.type === 'ContractBroken';
    if (open.entity.parents === undefined || !unknownParents) throw error;
    return error.message;
  }
}
