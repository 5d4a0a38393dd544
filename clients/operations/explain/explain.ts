import type { Knex } from 'knex';
import { type AuditedEntry, listAudit } from '../../../destination/audit';
import { type RecordFacts, recordFacts, runsAbout } from '../../../destination/readModels/recordFacts';
import { getCursor } from '../../../destination/runs/entities';
import type { Run } from '../../../destination/runs/runs';
import type { Target } from '../../../schema/workflows';
import type { KnownTarget } from '../targets';
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

/**
 * The whole story of one record and the verdict on it. What the source says now comes from `lookAt`, or is told as not
 * asked. Of answers that were merely written only the last is known; see tidemark.answers.
 */
export async function explain(
  db: Knex,
  { connection, entity }: KnownTarget,
  id: string,
  source: SourceNow,
): Promise<Explanation> {
  const target: Target = { connectionId: connection.id, entity: entity.name };
  const facts = await recordFacts(db, entity, target, id);
  const changed = changedAt(facts, source, entity.deltaSyncField.kind === 'instant');
  const named = runsNamed(facts);
  const runs = worthTelling(await runsAbout(db, target, named, changed), named, changed);
  const audit = (await listAudit(db, { ...target, limit: 200 })).filter((entry) => concerns(entry, facts, id));
  const cursor = await getCursor(db, target);
  const { enabled } = connection;
  return {
    ...target,
    id,
    verdict: verdictOn({ ...target, id, facts, source, runs, cursor, enabled, changed }),
    story: storyOf(entity, facts, { runs, audit, changed }),
    source,
    row: facts.row,
  };
}

function changedAt({ row }: RecordFacts, source: SourceNow, instants: boolean): Date | null {
  if (!instants) return null;
  return 'version' in source && source.version !== null ? new Date(source.version) : (row?.sourceUpdatedAt ?? null);
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
function worthTelling(runs: readonly Run[], named: readonly string[], changed: Date | null): Run[] {
  const first = changed === null ? undefined : runs.find((run) => covered(run, changed));
  return runs.filter(
    (run) =>
      run === first ||
      named.includes(run.id) ||
      run.status !== 'succeeded' ||
      run === runs.findLast(({ strategy }) => strategy === run.strategy),
  );
}

/** What operators did that touched this record: to it, to a plan that holds it, or to the cursor. */
function concerns({ action, details }: AuditedEntry, { plans }: RecordFacts, id: string): boolean {
  const { recordId, planId, runId } = details;
  if (action.startsWith('cursor') || recordId === id) return true;
  return plans.some((plan) => plan.planId === String(planId) || [plan.runId, plan.appliedBy].includes(String(runId)));
}
