import type { Knex } from 'knex';
import { type AuditedEntry, listAudit } from '../../../../destination/audit';
import { type RecordFacts, recordFacts, runsAbout } from '../../../../destination/readModels/recordFacts';
import { unreadParentOf } from '../../../../destination/readModels/unreadPartitions';
import { getCursor, relatedCursors } from '../../../../destination/runs/cursors';
import type { Run } from '../../../../destination/runs/runs';
import type { ConnectorEntity } from '../../../../schema/definition/connector';
import { parseDuration } from '../../../../schema/duration';
import type { Target } from '../../../../schema/workflows';
import { temporalError } from '../../../temporal/temporal';
import type { OperationContext } from '../../definition/context';
import { startContext } from '../runs/runs';
import { findTarget, type KnownTarget, type TargetInput } from '../targets';
import { lookAt } from './askSource';
import { type StoryEntry, storyOf } from './story';
import { type SourceNow, type Verdict, verdictOn } from './verdict';
import { covered } from './words';

export interface Explanation extends Target {
  readonly id: string;
  readonly verdict: Verdict;
  /** in order of time */
  readonly story: readonly StoryEntry[];
  readonly source: SourceNow;
  readonly row: RecordFacts['row'];
}

export interface ExplainInput extends TargetInput {
  readonly id: string;
  /** ask the source */
  readonly source: boolean;
  /** seconds */
  readonly wait: number;
}

/** As `explain`; a worker asks the source, where that is wanted. Throws TidemarkError 'NotFound' for unknown names. */
export async function explainRecord(
  context: OperationContext,
  { id, source, wait, ...named }: ExplainInput,
): Promise<Explanation & { readonly leftOut: string | null }> {
  const known = await findTarget(context, named);
  const now: SourceNow = source
    ? await askSource(context, { connectionId: named.connection, entity: known.entity, id }, wait)
    : { says: 'not-asked', detail: 'source=false' };
  const leftOut = now.says === 'not-asked' ? `what the source says now: ${now.detail}` : null;
  return { ...(await explain(context.db, known, id, now)), leftOut };
}

async function askSource(
  context: OperationContext,
  record: { readonly connectionId: string; readonly entity: ConnectorEntity; readonly id: string },
  seconds: number,
): Promise<SourceNow> {
  try {
    return await lookAt(await startContext(context), record, seconds);
  } catch (error) {
    return { says: 'not-asked', detail: temporalError(error).message };
  }
}

/**
 * The history of one record and the verdict on it. `source`: what the source says now. Of answers that were written without
 * a conflict only the last is known; see tidemark.answers.
 */
export async function explain(
  db: Knex,
  { connection, entity }: KnownTarget,
  id: string,
  source: SourceNow,
): Promise<Explanation> {
  const target: Target = { connectionId: connection.id, entity: entity.name };
  const facts = await recordFacts(db, entity, target, id);
  const changed = changedAt(facts, source, entity.deltaSyncField?.kind === 'instant');
  const named = runsNamed(facts);
  const known = await runsAbout(db, target, named, changed);
  const runs = worthShowing(known, named, changed);
  const passedBy = changed === null ? undefined : known.findLast((run) => passedOver(run, changed, entity.readLag));
  const audit = (await listAudit(db, { ...target, limit: 200 })).filter((entry) => concerns(entry, facts, id));
  const cursor = await getCursor(db, target);
  const ofRelated = entity.related === undefined ? [] : await relatedCursors(db, target);
  const { enabled, needsCredentialsBecause: needsCredentials } = connection;
  return {
    ...target,
    id,
    verdict: verdictOn({
      ...{ ...target, id, facts, source, runs, cursor, enabled, needsCredentials, changed, passedBy },
      relatedCursors: ofRelated,
    }),
    story: storyOf(entity, facts, { runs, audit, changed, unread: await unreadParentOf(db, target, entity, id) }),
    source,
    row: facts.row,
  };
}

function changedAt({ row }: RecordFacts, source: SourceNow, instants: boolean): Date | null {
  if (!instants) return null;
  return 'version' in source && source.version !== null ? new Date(source.version) : (row?.sourceUpdatedAt ?? null);
}

/** Whether a run was a delta that should have brought a record changed at `changed`, however late the source shows its changes. */
function passedOver(run: Run, changed: Date, readLag: ConnectorEntity['readLag']): boolean {
  const shown = new Date(changed.getTime() + parseDuration(readLag));
  return run.strategy === 'delta' && run.startedAt >= shown && covered(run, changed);
}

function runsNamed({ row, answers, setAside, plans }: RecordFacts): string[] {
  const writers = [row?.writtenBy, ...answers.flatMap(({ writtenBy, heldBy }) => [writtenBy, heldBy])];
  const named = writers.flatMap((writer) => /run (\d+)$/.exec(writer ?? '')?.[1] ?? []);
  const others = [
    ...setAside.map(({ runId }) => runId),
    ...plans.flatMap(({ runId, appliedBy }) => [runId, appliedBy]),
  ];
  return [...new Set([...named, ...others.filter((id) => id !== null)])];
}

/** Deltas that found nothing run every few minutes: of those only the first that covers the record's last change is of interest, and the last. */
function worthShowing(runs: readonly Run[], named: readonly string[], changed: Date | null): Run[] {
  const first = changed === null ? undefined : runs.find((run) => covered(run, changed));
  return runs.filter(
    (run) =>
      run === first ||
      named.includes(run.id) ||
      run.status !== 'succeeded' ||
      run === runs.findLast(({ strategy }) => strategy === run.strategy),
  );
}

/** What operators did that concerns this record: to it, to a plan that holds it, or to the cursor. */
function concerns({ action, details }: AuditedEntry, { plans }: RecordFacts, id: string): boolean {
  const { recordId, planId, runId } = details;
  if (action.startsWith('cursor') || recordId === id) return true;
  return plans.some((plan) => plan.planId === String(planId) || [plan.runId, plan.appliedBy].includes(String(runId)));
}
