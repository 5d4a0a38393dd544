import type { Knex } from 'knex';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Target } from '../../schema/workflows';
import type { Difference, PlanStatus } from '../plans/plans';
import { userEditsSql } from '../rows/edits/userEdits';
import { tableName } from '../rows/format/rowFormat';
import { tableExists, tableFits } from '../rows/tables';
import { type Run, runColumns } from '../runs/runs';
import { type ExcludingRow, excludingRowOf } from './excludingRow';

/** Of each kind of fact, at most this many are shown, latest first. */
const factsAtMost = 50;

/** What the engine knows of a row beside its content. */
export interface RowFacts {
  readonly deletedAt: Date | null;
  readonly syncedAt: Date;
  readonly sourceUpdatedAt: Date | null;
  readonly sentAt: Date | null;
  readonly receivedAt: Date | null;
  readonly disputedAt: Date | null;
  readonly writtenBy: string | null;
  /** why it is left out although the source has its record: `skipped`, by the mapping; `excluded`, by a row of another table */
  readonly leftOut: string | null;
  /** it is left out, and carries a user's edits, for which it stays */
  readonly edited: boolean;
}

/** See tidemark.answers. */
export interface TracedAnswer {
  readonly at: Date;
  readonly outcome:
    | 'refused'
    | 'disputed'
    | 'deleted'
    | 'revived'
    | 'rekeyed'
    | 'skipped'
    | 'excluded'
    | 'included'
    | 'replaced';
  /** of `rekeyed`: the row's id before, or since */
  readonly otherId: string | null;
  readonly won: boolean;
  readonly gone: boolean;
  readonly version: string | null;
  readonly sentAt: Date;
  readonly receivedAt: Date;
  readonly writtenBy: string;
  /** null where there was no row */
  readonly heldGone: boolean | null;
  readonly heldVersion: string | null;
  readonly heldSentAt: Date | null;
  readonly heldReceivedAt: Date | null;
  readonly heldBy: string | null;
  /** PostgreSQL's '-infinity' where there was no line */
  readonly beforeWatermark: boolean;
}

export interface EventFacts {
  readonly eventId: string;
  readonly type: string;
  readonly receivedAt: Date;
  readonly openedAt: Date;
  readonly doneAt: Date | null;
  readonly outcome: string | null;
  readonly detail: string | null;
}

export interface SetAsideFacts {
  readonly id: number;
  readonly reason: string;
  readonly detail: string;
  readonly runId: string | null;
  readonly times: number;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  readonly clearedAt: Date | null;
  readonly clearedBy: string | null;
}

/** The record among what a reconciliation found. */
export interface PlannedFacts {
  readonly planId: string;
  readonly runId: string;
  readonly appliedBy: string | null;
  readonly difference: Difference;
  readonly outcome: string;
  readonly detail: string | null;
  readonly status: PlanStatus;
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
  readonly decidedBy: string | null;
  readonly decisionReason: string | null;
}

export interface RecordFacts {
  /** PostgreSQL's time */
  readonly now: Date;
  readonly row: RowFacts | null;
  readonly answers: readonly TracedAnswer[];
  readonly events: readonly EventFacts[];
  readonly setAside: readonly SetAsideFacts[];
  readonly plans: readonly PlannedFacts[];
  /** when an operator erased it, if that was recently */
  readonly forgottenAt: Date | null;
  /** the row of another table that excludes it; null: none does, by what its own row holds */
  readonly excludedBy: ExcludingRow | null;
}

/** Everything that the engine keeps about one record, each kind in order of time. */
export async function recordFacts(
  db: Knex,
  entity: ConnectorEntity,
  { connectionId }: Pick<Target, 'connectionId'>,
  id: string,
): Promise<RecordFacts> {
  const key = [connectionId, entity.name, id];
  const [row, answers, events, setAside, plans, forgotten, excludedBy, clock] = await Promise.all([
    rowFacts(db, entity, connectionId, id),
    latest<TracedAnswer>(db, answersSql, key),
    latest<EventFacts>(db, eventsSql, key),
    latest<SetAsideFacts>(db, setAsideSql, key),
    latest<PlannedFacts>(db, plansSql, key),
    latest<{ at: Date }>(db, forgottenSql, key),
    excludingRowOf(db, entity, connectionId, id),
    db.raw('select clock_timestamp() as now'),
  ]);
  const forgottenAt = forgotten[0]?.at ?? null;
  return { now: clock.rows[0].now, row, answers, events, setAside, plans, forgottenAt, excludedBy };
}

async function latest<T>(db: Knex, sql: string, key: readonly string[]): Promise<T[]> {
  const { rows } = await db.raw(sql, [...key, factsAtMost]);
  return rows.reverse();
}

async function rowFacts(db: Knex, entity: ConnectorEntity, connectionId: string, id: string): Promise<RowFacts | null> {
  if (!(await tableExists(db, entity))) return null;
  // a table that has not been widened yet keeps nothing that would show edits
  const edited = (await tableFits(db, entity)) ? await userEditsSql(db, entity, 't') : 'false';
  const { rows } = await db.raw(
    /* sql */ `
    select deleted_at as "deletedAt", synced_at as "syncedAt", source_updated_at as "sourceUpdatedAt", _sent_at as "sentAt",
      _received_at as "receivedAt", _disputed_at as "disputedAt", _written_by as "writtenBy",
      -- a table that has not been widened yet has no such column
      to_jsonb(t) ->> '_left_out' as "leftOut", to_jsonb(t) ->> '_left_out' is not null and ${edited} as edited
    from ${tableName(entity)} t where connection_id = ? and external_id = ?`,
    [connectionId, id],
  );
  return rows[0] ?? null;
}

const answersSql = /* sql */ `
select at, outcome, other_id as "otherId", won, gone, version, sent_at as "sentAt", received_at as "receivedAt", written_by as "writtenBy", held_gone as "heldGone",
  held_version as "heldVersion", held_sent_at as "heldSentAt", held_received_at as "heldReceivedAt", held_by as "heldBy",
  received_at < watermark_at as "beforeWatermark"
from tidemark.answers where connection_id = ? and entity = ? and external_id = ? order by id desc limit ?`;

/** Reads all events of the connection: an index by record would cost every webhook something, for a question asked rarely. */
const eventsSql = /* sql */ `
select event_id as "eventId", type, received_at as "receivedAt", opened_at as "openedAt", done_at as "doneAt", outcome, detail
from tidemark.inbox where connection_id = ? and entity = ? and external_id = ? order by id desc limit ?`;

const setAsideSql = /* sql */ `
select id, reason, detail, run_id::text as "runId", times, first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt",
  cleared_at as "clearedAt", cleared_by as "clearedBy"
from tidemark.set_aside where connection_id = ? and entity = ? and external_id = ? order by id desc limit ?`;

const plansSql = /* sql */ `
select p.id::text as "planId", p.run_id::text as "runId", p.applied_by::text as "appliedBy", i.difference, i.outcome, i.detail, p.status,
  p.created_at as "createdAt", p.decided_at as "decidedAt", p.decided_by as "decidedBy", p.decision_reason as "decisionReason"
from tidemark.plans p join tidemark.plan_items i on i.plan_id = p.id
where p.connection_id = ? and p.entity = ? and i.external_id = ? order by p.id desc limit ?`;

const forgottenSql = /* sql */ `
select at from tidemark.forgotten where connection_id = ? and entity = ? and external_id = ? limit ?`;

/**
 * Runs that have to do with a record: those named, and those that were on at or after `since`, the earliest of these and the
 * latest; in order.
 */
export async function runsAbout(
  db: Knex,
  { connectionId, entity }: Target,
  named: readonly string[],
  since: Date | null,
): Promise<Run[]> {
  const { rows } = await db.raw(
    /* sql */ `
    with after as (
      select id from tidemark.runs
      where connection_id = :connectionId and entity = :entity and coalesce(ended_at, clock_timestamp()) >= :since
    )
    select ${runColumns} from tidemark.runs
    where connection_id = :connectionId and entity = :entity and (id::text = any(:named)
      or id in (select id from after order by id limit 5) or id in (select id from after order by id desc limit 5))
    order by tidemark.runs.id`,
    { connectionId, entity, named: [...named], since },
  );
  return rows;
}
