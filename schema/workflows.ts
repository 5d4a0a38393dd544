import type { Counts } from './answer';

/**
 * Names, inputs, results and signals of the workflows. They are frozen in schedules and histories: a public API.
 * Inputs hold references, never record content; a result holds counts.
 */
export const taskQueue = 'tidemark';

export const workflowNames = {
  deltaSync: 'deltaSync',
  reconciliation: 'reconciliation',
  singleRecord: 'singleRecord',
  syncRecords: 'syncRecords',
  applyPlan: 'applyPlan',
  sweep: 'sweep',
  backfill: 'backfill',
  remap: 'remap',
  importFile: 'importFile',
  lookAt: 'lookAt',
  firstPage: 'firstPage',
  probe: 'probe',
  auditMapping: 'auditMapping',
  verify: 'verify',
  touch: 'touch',
} as const;

/** Those that schedules start. */
export const strategies = ['delta', 'reconciliation'] as const;
export type Strategy = (typeof strategies)[number];
/** What a run can be; an operator starts the others. */
export type RunStrategy = Strategy | 'backfill' | 'remap' | 'import';

/** One entity of one connection. */
export interface Target {
  readonly connectionId: string;
  readonly entity: string;
}

export type Trigger = 'schedule' | 'cli' | 'api' | 'approval';

export interface DeltaSyncInput extends Target {
  /** read `all` instead of `changes`, as the first time */
  readonly full?: boolean;
  readonly trigger: Trigger;
}

/**
 * How a run ended. `already-running`: another one holds the connection, entity and strategy; `disabled` and `needs-credentials`: the
 * connection rests; nothing was done.
 */
export type RunOutcome = 'succeeded' | 'waiting' | 'already-running' | 'disabled' | 'needs-credentials';

export interface RunResult extends Target {
  readonly outcome: RunOutcome;
  readonly runId: string | null;
  readonly counts: Counts;
  readonly pages: number;
  /** ISO; null until the first delta succeeded */
  readonly cursor: string | null;
  /** ISO: the source had forgotten the token, so everything was read, and a reconciliation follows that finds what was deleted since */
  readonly deletionsUnknownSince?: string;
}

export interface ReconciliationInput extends Target {
  /** find and count differences, write nothing */
  readonly dryRun?: boolean;
  readonly trigger: Trigger;
}

export interface ReconciliationResult extends RunResult {
  readonly dryRun: boolean;
  readonly planId: string | null;
  /** records that the source lists */
  readonly scanned: number;
  readonly missing: number;
  readonly stale: number;
  /** rows that the source did not list */
  readonly gone: number;
  /** such rows that were received so recently that absence proves nothing about them: they were only asked for */
  readonly unlisted: number;
  /** of those, how many the source confirmed */
  readonly deleted: number;
  /** plans of single partitions that wait for an operator by themselves, while the others were compared */
  readonly held?: readonly string[];
  /** why nothing was deleted, where nothing was */
  readonly reason: string | null;
  /** how the differences came about, and how many each way; empty for a dry run */
  readonly causes: Partial<Record<DifferenceCause, number>>;
  /** a lookback with which the deltas would have seen what came late, such as '5m'; null when the present one is long enough */
  readonly proposedLookback: string | null;
}

/**
 * How a difference came about: `late` (it was committed after a delta had asked for its time), `backdated` (the same by more
 * than a day), `boundary` (its version is equal to a cursor), `missed-webhook` (changed since the last delta, and no event arrived),
 * `not-yet` (the same, where events are on their way or there are none), `disputed`, `deleted`, `other` (no version to go by).
 */
export type DifferenceCause =
  | 'late'
  | 'backdated'
  | 'boundary'
  | 'missed-webhook'
  | 'not-yet'
  | 'disputed'
  | 'deleted'
  | 'other';

/** Reads what changed since an instant, whatever the cursor says; the cursor stays. */
export interface BackfillInput extends Target {
  /** ISO */
  readonly since: string;
  readonly trigger: Trigger;
}

/** Rebuilds the typed columns from `raw`, without the source. */
export interface RemapInput extends Target {
  readonly trigger: Trigger;
}

/** Reads an uploaded file into the table. What it is called, and what its lines rank by, is in PostgreSQL under this number. */
export interface ImportInput extends Target {
  readonly importId: string;
  /** count what would happen, write nothing */
  readonly dryRun?: boolean;
  readonly trigger: Trigger;
}

/** Each line of the file is a heading, blank, a further line of a record, or in one of the counts. */
export interface ImportResult extends RunResult {
  readonly dryRun: boolean;
  readonly importId: string;
  /** physical lines of the file */
  readonly lines: number;
  /** titles and headers, the repeated ones among them */
  readonly headings: number;
  readonly blank: number;
  /** further lines of records that take several */
  readonly continued: number;
}

export interface SingleRecordInput extends Target {
  readonly id: string;
}

/** The outcome for one record. */
export interface SingleRecordResult extends Target {
  readonly id: string;
  readonly outcome: 'inserted' | 'updated' | 'unchanged' | 'deleted' | 'refused' | 'set-aside' | 'unknown-record';
  /** how often the source was asked */
  readonly fetches: number;
}

/** The record may have changed again: fetch it once more. Carries nothing, since the inbox is the truth. */
export const againSignal = 'again';

/** Which records a batch fetches; always a reference or a bounded number of ids. */
export type Batch =
  | { readonly of: 'inbox' }
  | { readonly of: 'plan'; readonly planId: string }
  /** `runId`: the run in whose counts they are */
  | { readonly of: 'disputes'; readonly runId?: string }
  /** records whose related records are to be read again */
  | { readonly of: 'owed' }
  /** at most 200 */
  | { readonly of: 'ids'; readonly ids: readonly string[] };

export interface SyncRecordsInput extends Target {
  readonly batch: Batch;
  /** waits this long first, for disputes that are not due yet */
  readonly afterMs?: number;
}

export interface SyncRecordsResult extends Target {
  readonly counts: Counts;
  readonly fetches: number;
}

export interface ApplyPlanInput extends Target {
  readonly planId: string;
}

export interface ApplyPlanResult extends Target {
  readonly outcome: RunOutcome;
  readonly runId: string | null;
  readonly planId: string;
  readonly deleted: number;
  /** why nothing was deleted after all */
  readonly reason: string | null;
  readonly counts: Counts;
}

/** Makes a harmless change at the source. What it says is in PostgreSQL under this number. */
export interface TouchInput extends Target {
  readonly touchId: string;
}

/** `unknown`: the request was sent, and nothing proves whether the source did it. */
export type TouchOutcome = 'done' | 'not-done' | 'unknown';

export interface TouchResult extends TouchInput {
  readonly outcome: TouchOutcome;
  /** of the last response; null: there was none */
  readonly status: number | null;
  readonly detail: string;
}

/** Answered by a run's `progress` query. */
export interface Progress {
  readonly phase: string;
  readonly runId: string | null;
  readonly pages: number;
  readonly records: number;
  readonly counts: Counts;
}
export const progressQuery = 'progress';

/** Search attributes (keyword) that every workflow of ours carries; the memo serves where they can't be registered. */
export const searchAttributeNames = ['TidemarkConnection', 'TidemarkEntity', 'TidemarkStrategy'] as const;

/**
 * Workflow and schedule ids. What one of them names runs at most once at a time, with one exception: a schedule adds a
 * timestamp to its workflow's id, so that for runs the unique index in Postgres decides.
 */
export const ids = {
  delta: ({ connectionId, entity }: Target) => `tidemark/delta/${connectionId}/${entity}`,
  reconciliation: ({ connectionId, entity }: Target) => `tidemark/reconciliation/${connectionId}/${entity}`,
  /** `recordKey`: see `recordKey()` */
  record: ({ connectionId, entity }: Target, recordKey: string) =>
    `tidemark/record/${connectionId}/${entity}/${recordKey}`,
  /** drains what is open in the inbox for one entity of a connection */
  inbox: ({ connectionId, entity }: Target) => `tidemark/inbox/${connectionId}/${entity}`,
  /** asks again for the disputed rows of one entity of a connection */
  disputes: ({ connectionId, entity }: Target) => `tidemark/disputes/${connectionId}/${entity}`,
  /** reads related records again of one entity of a connection */
  owed: ({ connectionId, entity }: Target) => `tidemark/owed/${connectionId}/${entity}`,
  backfill: ({ connectionId, entity }: Target) => `tidemark/backfill/${connectionId}/${entity}`,
  remap: ({ connectionId, entity }: Target) => `tidemark/remap/${connectionId}/${entity}`,
  importFile: ({ connectionId, entity }: Target) => `tidemark/import/${connectionId}/${entity}`,
  look: ({ connectionId, entity }: Target, recordKey: string) => `tidemark/look/${connectionId}/${entity}/${recordKey}`,
  /** shows one record to the operator who asked for it; `key` makes each such request another */
  show: ({ connectionId, entity }: Target, key: string) => `tidemark/show/${connectionId}/${entity}/${key}`,
  touch: ({ connectionId, entity }: Target, touchId: string) => `tidemark/touch/${connectionId}/${entity}/${touchId}`,
  /** reads the first page of a list; `key` makes each such request another */
  firstPage: ({ connectionId, entity }: Target, key: string) => `tidemark/first-page/${connectionId}/${entity}/${key}`,
  probe: ({ connectionId, entity }: Target) => `tidemark/probe/${connectionId}/${entity}`,
  auditMapping: ({ connectionId, entity }: Target) => `tidemark/audit-mapping/${connectionId}/${entity}`,
  verify: ({ connectionId, entity }: Target) => `tidemark/verify/${connectionId}/${entity}`,
  /** fetches the records that an operator named; `key` makes each such order another */
  records: ({ connectionId, entity }: Target, key: string) => `tidemark/records/${connectionId}/${entity}/${key}`,
  plan: (planId: string) => `tidemark/plan/${planId}`,
  sweep: 'tidemark/sweep',
  /** every schedule of ours begins so; whatever else begins so is an orphan */
  schedulePrefix: 'tidemark/schedule/',
  schedule: (strategy: Strategy, { connectionId, entity }: Target) =>
    `tidemark/schedule/${strategy}/${connectionId}/${entity}`,
  sweepSchedule: 'tidemark/schedule/sweep',
} as const;
