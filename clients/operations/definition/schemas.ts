import { counts } from './counts';
import type { Z } from './fields';

/** Parts of results that several operations share. Each takes zod, so that nobody loads it before it is needed. */

/** An instant: a Date here, ISO 8601 in JSON. */
export function instant(z: Z) {
  return z.codec(z.iso.datetime(), z.date(), {
    decode: (text) => new Date(text),
    encode: (date) => date.toISOString(),
  });
}

/** the connection and entity that a result is about */
export function target(z: Z) {
  return { connectionId: z.string(), entity: z.string() };
}

/** one execution of a workflow that was started */
export function started(z: Z) {
  return {
    workflowId: z.string(),
    workflowRunId: z.uuid().describe('`outcome` takes both and returns the result'),
  };
}

const count = (z: Z) => z.int().min(0);

/** a run as PostgreSQL and Temporal know it */
export function run(z: Z) {
  const states = ['running', 'succeeded', 'waiting', 'failed', 'cancelled', 'terminated', 'timed-out', 'lost'] as const;
  return z.object({
    id: z.string(),
    ...target(z),
    strategy: z.enum(['delta', 'reconciliation', 'backfill', 'remap', 'import']),
    trigger: z.string(),
    status: z.enum(states).describe('what the run recorded last'),
    state: z.enum([...states, 'unknown']).describe('what is true: a run is running only while Temporal says so'),
    dryRun: z.boolean(),
    full: z.boolean().describe('a delta that read the listing `all`'),
    workflowId: z.string(),
    workflowRunId: z.string(),
    leaseUntil: instant(z),
    leaseExpired: z.boolean(),
    startedAt: instant(z),
    endedAt: instant(z).nullable(),
    cursorBefore: instant(z).nullable(),
    cursorAfter: instant(z).nullable(),
    counts: counts(z).partial().describe('empty until the run has ended'),
    pages: count(z),
    requests: count(z),
    errorType: z.string().nullable().describe('stable, for machines'),
    error: z.string().nullable(),
    details: z.record(z.string(), z.unknown()),
    waitingUntil: instant(z).nullable().describe('of a run that waits because its source said so'),
    waitingReason: z.string().nullable().describe('which response said wait'),
  });
}

/** deletions that a reconciliation found */
export function plan(z: Z) {
  return z.object({
    id: z.string(),
    runId: z.string(),
    ...target(z),
    status: z.enum(['open', 'waiting', 'approved', 'applied', 'rejected', 'expired', 'undone', 'dry']),
    about: planAbout(z),
    scanStarted: instant(z),
    liveRows: count(z),
    missing: count(z),
    stale: count(z),
    gone: count(z).describe('live rows that the source did not list'),
    unlisted: count(z).describe('such rows that were received so recently that absence proves nothing'),
    deleted: count(z),
    reason: z.string().nullable(),
    partition: partition(z),
    createdAt: instant(z),
    expiresAt: instant(z),
  });
}

function planAbout(z: Z) {
  return z
    .enum(['deletions', 'related', 'skipped', 'excluded', 'replaced'])
    .describe(
      '`related`: it deletes nothing, but takes away related records that the source no longer shows of the stale records; `skipped`: it deletes rows whose record the source has and the mapping leaves out; `excluded`: … and a row of another table excludes; `replaced`: it deletes lines that their day no longer lists',
    );
}

function partition(z: Z) {
  return z.string().nullable().describe('the one partition that it is about; null: the whole entity, or several');
}

/** what a complete scan covered */
export function coverage(z: Z) {
  return z.object({
    partitions: z
      .object({ compared: count(z), known: count(z) })
      .nullable()
      .describe('null: the entity has none'),
    from: z.iso
      .datetime()
      .nullable()
      .describe('the range of the list begins there; null: it shows everything before `to`'),
    to: z.iso.datetime().nullable().describe('and ends before this; null: it is open'),
    notCompared: z
      .record(z.string(), count(z))
      .describe(
        "live rows: `imported` from a file, a user's `own`, `outside` of the range, `held` with a partition that waits, `unread` with one that could not be read",
      ),
  });
}

export function waitingPlan(z: Z) {
  return z.object({
    id: z.string(),
    runId: z.string(),
    ...target(z),
    about: planAbout(z),
    liveRows: count(z),
    missing: count(z),
    stale: count(z),
    gone: count(z).describe('live rows that the source did not list'),
    unlisted: count(z).describe('such rows that were received so recently that absence proves nothing'),
    ratio: z.number().min(0).describe('the share of the live rows that it is about'),
    sample: z.array(z.string()).describe('some ids that it is about, to look up at the source'),
    reason: z.string().nullable(),
    partition: partition(z),
    expiresAt: instant(z),
  });
}

/** how many rows of a plan have each difference and outcome */
export function planItems(z: Z) {
  return z.array(z.object({ difference: z.string(), outcome: z.string(), count: count(z) }));
}

/** what was done so that Temporal's schedules agree with the database */
export function agreed(z: Z) {
  return {
    created: count(z),
    updated: count(z),
    paused: count(z),
    unpaused: count(z),
    removed: count(z).describe('schedules that no connection wants'),
    unchanged: count(z),
  };
}

/** whether Temporal's schedules follow what was changed in the database */
export function agreedOrLater(z: Z) {
  return {
    agreed: z
      .object(agreed(z))
      .nullable()
      .describe('null: they follow when a server starts, or after schedules repair'),
    delayedBecause: z.string().nullable().describe('why they do not follow yet'),
  };
}
