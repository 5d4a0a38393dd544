import { ApplicationFailure } from '@temporalio/common';
import type { Knex } from 'knex';
import { tableName } from '../../destination/rows/format/rowFormat';
import type { RunResult, Target } from '../../schema/workflows';
import type { Attempt, Flow } from './attempt';
import type { Expectations, History } from './history';
import type { ModelSource } from './source';
import type { Trace } from './trace';
import { entityOf } from './world';

interface Row {
  readonly id: string;
  readonly gone: boolean;
  readonly name: string | null;
  readonly updated: number | null;
  readonly sent: number;
  readonly received: number;
  readonly disputed: boolean;
  readonly by: string;
}

/** How a run may fail while its source moves, or when it was taken over: its cursor stays. */
const allowedFailures: ReadonlySet<string> = new Set(['ContractBroken', 'FenceLost', 'WorkerShutdown']);

/** Looks at the table while a history is played, and says so when an invariant is broken. */
export class Witness {
  private readonly db: Knex;
  private readonly target: Target;
  private readonly source: ModelSource;
  private readonly expected: Expectations;
  private readonly history: History;
  private readonly trace: Trace;
  private readonly table: string;
  private rows = new Map<string, Row>();
  private cursor = Number.NEGATIVE_INFINITY;
  /** when deltas that have not ended yet were started */
  private readonly deltas = new Map<Flow, number>();

  private readonly judged = new Set<Flow>();

  constructor(db: Knex, target: Target, source: ModelSource, expected: Expectations, history: History, trace: Trace) {
    this.db = db;
    this.target = target;
    this.source = source;
    this.expected = expected;
    this.history = history;
    this.trace = trace;
    this.table = tableName(entityOf(target.entity));
  }

  deltaStarted(flow: Flow): void {
    this.deltas.set(flow, this.source.timeline.now);
  }

  /** After a commit: who lost the fence has written nothing, no false delete, and the cursor moves only forward. */
  async look(writer: Attempt | null): Promise<void> {
    const before = this.rows;
    const { rows, cursor } = await this.read();
    this.rows = rows;
    for (const row of this.rows.values()) {
      const was = before.get(row.id);
      if (JSON.stringify(was) === JSON.stringify(row)) continue;
      this.trace.note(`    ${this.show(row)}`);
      if (writer && writer.number < writer.fence.latest) {
        throw new Error(
          `${writer.activity} #${writer.number} wrote ${row.id} although #${writer.fence.latest} had taken over`,
        );
      }
      if (row.gone && was && !was.gone && writer?.activity === 'deleteUnlisted' && was.received >= row.sent) {
        throw new Error(`${row.id} was soft-deleted for its absence from scans that began before it was received`);
      }
      if (row.gone && was && !was.gone && !this.wasAbsent(row)) {
        throw new Error(`${row.id} was soft-deleted without evidence: the source had it all the time`);
      }
    }
    if (cursor === this.cursor) return;
    this.trace.note(`    the cursor is at ${new Date(cursor).toISOString()}`);
    if (cursor < this.cursor) throw new Error('the cursor went back');
    this.cursor = cursor;
  }

  /** What has ended since the last call: failures that nobody may have, and deltas that must have brought every change. */
  async endings(flows: readonly Flow[]): Promise<void> {
    for (const flow of flows) if (!this.judged.has(flow)) this.expectAllowed(flow);
    for (const [flow, began] of this.deltas) {
      if (flow.status === 'RUNNING') continue;
      this.deltas.delete(flow);
      const { outcome, runId } = (flow.result ?? {}) as Partial<RunResult>;
      if (flow.status !== 'COMPLETED' || outcome !== 'succeeded') continue;
      const [run] = await this.db('tidemark.runs').where({ id: runId });
      if (run.full_listing) this.expected.missedTombstones(this.source);
      await this.expectChanges(flow, began);
    }
  }

  /** A flow that failed must have a reason that belongs to the history. */
  private expectAllowed(flow: Flow): void {
    if (flow.status !== 'FAILED') return;
    this.judged.add(flow);
    const cause = (flow.failure as Error).cause ?? flow.failure;
    const type = cause instanceof ApplicationFailure ? cause.type : 'none';
    if (type && allowedFailures.has(type)) return;
    if (cause instanceof Error && cause.message === 'given up') return;
    throw new Error(`${flow.name} failed for no reason that the history gives: ${type}, ${String(cause)}`);
  }

  /** Invariant 2: what was changed before a delta started is in the table when it has succeeded. */
  private async expectChanges(flow: Flow, began: number): Promise<void> {
    const { rows } = await this.read();
    for (const [id, states] of this.source.records) {
      const newest = states.at(-1);
      if (!newest || !this.expected.inChanges.has(id) || this.expected.wentBack.has(id)) continue;
      if (newest.at >= began - this.history.replicaLag) continue;
      const row = rows.get(id);
      // a 404 from before it was created, or stale: given up for one more request, which the dispute asks for
      if (row?.gone && row.disputed) continue;
      const problem = this.difference(id, row);
      if (problem) throw new Error(`${flow.name} succeeded without a change from before it: ${problem}`);
    }
  }

  /** Invariant 1: every live record has a live row of equal content, and no other row is live. */
  async expectEqual(when: string): Promise<void> {
    const { rows } = await this.read();
    const ids = new Set([...rows.keys(), ...this.source.records.keys()]);
    const problems = [...ids].flatMap((id) => this.difference(id, rows.get(id)) ?? []);
    if (problems.length > 0) throw new Error(`source and table differ ${when}: ${problems.join('; ')}`);
  }

  /** Invariant 7: every acknowledged event is done, and the source was asked about its record after it had come. */
  async expectDone(): Promise<void> {
    const { rows } = await this.db.raw(
      `select external_id as id, floor(extract(epoch from opened_at) * 1000)::float8 as opened, done_at is not null as done
       from tidemark.inbox where connection_id = ?`,
      [this.target.connectionId],
    );
    for (const { id, opened, done } of rows as { id: string; opened: number; done: boolean }[]) {
      if (!done) throw new Error(`an acknowledged event about ${id} was never done`);
      if ((this.source.asked.get(id) ?? 0) < opened)
        throw new Error(`an event about ${id} was done without asking for it`);
    }
  }

  /** Invariant 10: a run that nobody works on says that it is running for the length of its lease at most. */
  async expectNoneRuns(): Promise<void> {
    await this.source.timeline.tell();
    const { rows } = await this.db.raw(
      `select id from tidemark.runs where connection_id = ? and status = 'running' and lease_until >= clock_timestamp()`,
      [this.target.connectionId],
    );
    if (rows.length > 0) throw new Error('a run still says that it is running, although nothing runs');
  }

  private difference(id: string, row: Row | undefined): string | undefined {
    const newest = this.source.newest(id);
    const live = newest?.live ?? false;
    const rowLive = row !== undefined && !row.gone;
    if (live !== rowLive)
      return `${id} is ${live ? 'live' : 'gone'} at the source, but its row is ${row ? this.show(row) : 'not there'}`;
    if (!live || !newest || !row || this.source.shape.conflict === 'skip') return undefined;
    if (newest.name === row.name) return undefined;
    return `${id} is ${JSON.stringify(newest)} at the source, but its row is ${this.show(row)}`;
  }

  /** Whether the source did not have the record at some moment that the answer in the row can be of. */
  private wasAbsent({ id, sent, received }: Row): boolean {
    const from = sent - this.history.replicaLag;
    const states = this.source.records.get(id) ?? [];
    return !this.source.at(id, from)?.live || states.some(({ at, live }) => !live && at >= from && at <= received);
  }

  private show(row: Row): string {
    const base = this.source.began;
    const seconds = (moment: number) => ((moment - base) / 1000).toFixed(3);
    return `${row.id} ${row.gone ? 'gone' : row.name} v${row.updated === null ? '-' : seconds(row.updated)} asked ${seconds(row.sent)}-${seconds(row.received)}${row.disputed ? ' disputed' : ''} by ${row.by}`;
  }

  /** Rows and cursor as they stand now, in one statement. */
  private async read(): Promise<{ rows: Map<string, Row>; cursor: number }> {
    const ms = (column: string) => `floor(extract(epoch from ${column}) * 1000)::float8`;
    const { connectionId, entity } = this.target;
    const { rows: found } = await this.db.raw(
      `select ${ms('(select min(at) from tidemark.cursors where connection_id = :connectionId and entity = :entity)')} as cursor, (
         select coalesce(jsonb_agg(jsonb_build_object('id', external_id, 'gone', deleted_at is not null, 'name', name,
           'updated', ${ms('source_updated_at')}, 'sent', ${ms('_sent_at')}, 'received', ${ms('_received_at')},
           'disputed', _disputed_at is not null, 'by', _written_by) order by external_id), '[]')
         from ${this.table} where connection_id = :connectionId) as rows
       from (select 1) always`,
      { connectionId, entity },
    );
    const { rows, cursor } = found[0] as { rows: Row[]; cursor: number | null };
    return { rows: new Map(rows.map((row) => [row.id, row])), cursor: cursor ?? Number.NEGATIVE_INFINITY };
  }
}
