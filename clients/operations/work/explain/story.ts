import type { AuditedEntry } from '../../../../destination/audit';
import type { RecordFacts } from '../../../../destination/readModels/recordFacts';
import type { UnreadPartition } from '../../../../destination/readModels/unreadPartitions';
import type { Run } from '../../../../destination/runs/runs';
import type { ConnectorEntity } from '../../../../schema/definition/connector';
import { covered, excludingText, instant, plannedText, runName, versionText, why } from './words';

/** One thing that happened to a record, or to what is kept of it. */
export interface StoryEntry {
  readonly at: Date;
  readonly about: 'webhook' | 'run' | 'answer' | 'set-aside' | 'plan' | 'operator' | 'table';
  readonly text: string;
}

/** What the history shows besides the record's own facts. */
export interface Surroundings {
  readonly runs: readonly Run[];
  readonly audit: readonly AuditedEntry[];
  /** when the source last changed the record, as far as is known */
  readonly changed: Date | null;
  /** the partition in whose list the record was, where that could not be read */
  readonly unread: UnreadPartition | undefined;
}

/** Everything that is known of a record, in order of time. */
export function storyOf(
  entity: ConnectorEntity,
  facts: RecordFacts,
  { runs, audit, changed, unread }: Surroundings,
): StoryEntry[] {
  const first = changed === null ? undefined : runs.find((run) => covered(run, changed));
  const entries: StoryEntry[] = [
    ...facts.events.flatMap((event): StoryEntry[] => {
      const arrived = {
        at: event.receivedAt,
        about: 'webhook' as const,
        text: `a webhook '${event.type}' arrived (event ${event.eventId})`,
      };
      if (event.doneAt === null) return [{ ...arrived, text: `${arrived.text}; it is still open` }];
      const detail = event.detail ? `: ${event.detail}` : '';
      return [
        arrived,
        { at: event.doneAt, about: 'webhook', text: `that webhook was done: ${event.outcome}${detail}` },
      ];
    }),
    ...facts.answers.map((answer): StoryEntry => {
      const said = answer.gone ? 'gone' : `live, version ${versionText(entity, answer.version)}`;
      const became = {
        refused: 'lost',
        disputed: 'was disputed',
        deleted: 'deleted the row',
        revived: 'brought the row back',
        rekeyed: 'renamed the row',
        skipped: 'had the row deleted',
        excluded: 'was last, when the row was deleted',
        included: 'was last, when the row came back',
        replaced: 'had the row deleted',
      }[answer.outcome];
      return {
        at: answer.at,
        about: 'answer',
        text: `an answer (${said}; asked at ${instant(answer.sentAt)} by ${answer.writtenBy}) ${became}: ${why(entity, answer)}`,
      };
    }),
    ...facts.setAside.flatMap((aside): StoryEntry[] => {
      const times = aside.times > 1 ? `, ${aside.times} times until ${instant(aside.lastSeenAt)}` : '';
      const by = aside.runId === null ? '' : ` by run ${aside.runId}`;
      const set = {
        at: aside.firstSeenAt,
        about: 'set-aside' as const,
        text: `it was set aside as ${aside.reason}${by}${times}: ${aside.detail} (entry ${aside.id})`,
      };
      if (aside.clearedAt === null) return [set];
      return [
        set,
        {
          at: aside.clearedAt,
          about: 'set-aside',
          text: `entry ${aside.id} was cleared: ${aside.clearedBy ?? 'by whom is unknown'}`,
        },
      ];
    }),
    ...facts.plans.flatMap((plan): StoryEntry[] => {
      const drawn = { at: plan.createdAt, about: 'plan' as const, text: plannedText(plan) };
      if (plan.decidedAt === null || plan.decidedBy === null) return [drawn];
      const because = plan.decisionReason ? `: ${plan.decisionReason}` : '';
      return [
        drawn,
        {
          at: plan.decidedAt,
          about: 'plan',
          text: `plan ${plan.planId} was ${plan.status}, decided by ${plan.decidedBy}${because}`,
        },
      ];
    }),
    ...runs.map((run): StoryEntry => ({ at: run.startedAt, about: 'run', text: runText(run, facts, run === first) })),
    ...audit.map(
      ({ at, actor, action, reason }): StoryEntry => ({
        at,
        about: 'operator',
        text: `${actor}: ${action}, because "${reason}"`,
      }),
    ),
    ...(facts.forgottenAt === null ? [] : [{ at: facts.forgottenAt, about: 'operator' as const, text: erased }]),
    ...(unread === undefined
      ? []
      : [
          {
            at: unread.since,
            about: 'run' as const,
            text: `the list of its partition ${unread.partition} could not be read since then (${unread.verdict}): ${unread.detail}`,
          },
        ]),
    ...rowEntries(facts),
  ];
  return entries.sort((a, b) => a.at.getTime() - b.at.getTime());
}

const erased = 'it was erased from everything that is kept; answers to earlier requests are not written any more';

function runText(run: Run, facts: RecordFacts, covers: boolean): string {
  const read =
    run.strategy === 'reconciliation'
      ? 'compared everything'
      : run.strategy === 'remap'
        ? 'rebuilt the columns from raw'
        : run.strategy === 'backfill'
          ? `read what changed since ${run.details.since ?? 'a chosen instant'}`
          : run.full || run.cursorBefore === null
            ? 'read everything'
            : `read what changed since ${instant(run.cursorBefore)}`;
  const ended =
    run.error === null ? run.status : `${run.status} (${run.errorType}: ${run.error.split('\n')[0]?.slice(0, 200)})`;
  const wrote = facts.row?.writtenBy === `run ${run.id}` ? '; it wrote what the row holds' : '';
  const met = wrote === '' && covers ? '; it is the first to cover the last change of this record' : '';
  return `${runName(run)} ${read}: ${ended}${wrote}${met}`;
}

function rowEntries({ row, excludedBy }: RecordFacts): StoryEntry[] {
  if (row === null) return [];
  const by = row.writtenBy === null ? '' : ` by ${row.writtenBy}`;
  const entries: StoryEntry[] = [];
  if (row.deletedAt === null) entries.push({ at: row.syncedAt, about: 'table', text: `the row was last written${by}` });
  else {
    const since = row.leftOut === null ? '' : `, since ${leavesOut(row.leftOut, excludedBy)}`;
    entries.push({ at: row.deletedAt, about: 'table', text: `the row was soft-deleted${by}${since}` });
  }
  if (row.leftOut !== null && row.deletedAt === null) {
    entries.push({
      at: row.receivedAt ?? row.syncedAt,
      about: 'table',
      text: `${leavesOut(row.leftOut, excludedBy)}, and the row is still live`,
    });
  }
  if (row.disputedAt !== null) {
    entries.push({
      at: row.disputedAt,
      about: 'table',
      text: 'the row has been disputed since then, until the record is fetched again',
    });
  }
  return entries;
}

function leavesOut(leftOut: string, excludedBy: RecordFacts['excludedBy']): string {
  if (leftOut === 'replaced') return 'its day no longer lists it';
  return leftOut === 'excluded'
    ? `${excludingText(excludedBy)} excludes its record`
    : 'the mapping leaves its record out';
}
