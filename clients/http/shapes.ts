import { z } from 'zod';

/** What the API's answers hold: described by these schemas, and real answers are tested against them. */

/** Names of connections and entities, as a request gives them. */
export const name = text(100);
/** What PostgreSQL can take as text. */
export function text(longest: number): z.ZodString {
  return z
    .string()
    .min(1)
    .max(longest)
    .regex(/^[^\0]*$/, { error: 'must not hold U+0000' });
}
/** A number that names a run or a plan. */
export const number = z.string().regex(/^\d{1,18}$/, { error: 'must be a number' });
export const reason = text(1_000).regex(/\S/, { error: 'must say something' }).describe('why; kept in the audit');
export const filter = z.strictObject({ connection: name.optional(), entity: name.optional() });

const moment = z.iso.datetime();
const count = z.int().min(0);
const target = { connectionId: z.string(), entity: z.string() };

const counts = z.strictObject({
  inserted: count,
  updated: count,
  unchanged: count,
  refused: count.describe('the answer ranked lower than what the row holds'),
  disputed: count,
  deleted: count.describe('soft-deleted'),
  skipped: count,
  errors: count.describe('set aside as invalid or conflict'),
});

const states = ['running', 'succeeded', 'waiting', 'failed', 'cancelled', 'terminated', 'timed-out', 'lost'] as const;

export const run = z.strictObject({
  id: number,
  ...target,
  strategy: z.enum(['delta', 'reconciliation', 'backfill', 'remap']),
  trigger: z.string(),
  status: z.enum(states).describe('what the run recorded last'),
  state: z.enum([...states, 'unknown']).describe('what is true: a run counts as running only while Temporal says so'),
  dryRun: z.boolean(),
  full: z.boolean().describe('a delta that read the listing "all"'),
  workflowId: z.string(),
  workflowRunId: z.string(),
  leaseUntil: moment,
  leaseExpired: z.boolean(),
  startedAt: moment,
  endedAt: moment.nullable(),
  cursorBefore: moment.nullable(),
  cursorAfter: moment.nullable(),
  counts: counts.partial().describe('empty until the run has ended'),
  pages: count,
  requests: count,
  errorType: z.string().nullable(),
  error: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
});

export const plan = z.strictObject({
  id: number,
  runId: number,
  ...target,
  status: z.enum(['open', 'waiting', 'approved', 'applied', 'rejected', 'expired', 'undone', 'dry']),
  scanStarted: moment,
  liveRows: count,
  missing: count,
  stale: count,
  gone: count.describe('live rows that the source did not list'),
  unlisted: count.describe('such rows that were received so lately that absence says nothing of them'),
  deleted: count,
  reason: z.string().nullable(),
  createdAt: moment,
  expiresAt: moment,
});

export const waitingPlan = z.strictObject({
  id: number,
  runId: number,
  ...target,
  liveRows: count,
  missing: count,
  stale: count,
  gone: count.describe('live rows that the source did not list'),
  unlisted: count.describe('such rows that were received so lately that absence says nothing of them'),
  ratio: z.number().min(0).describe('of the live rows, the share that it would delete'),
  sample: z.array(z.string()).describe('some ids that it would delete, to look up at the source'),
  reason: z.string().nullable(),
  expiresAt: moment,
});

export const connection = z.strictObject({
  id: z.string(),
  connector: z.string(),
  settings: z.record(z.string(), z.unknown()).describe('never its secrets'),
  timeZone: z.string(),
  businessHours: z.record(z.string(), z.unknown()).nullable(),
  schedules: z.record(z.string(), z.unknown()),
  enabled: z.boolean(),
  createdAt: moment,
  updatedAt: moment,
});

const strategyStatus = z.strictObject({
  lastRun: run.extend({ pagesSoFar: count, recordsSoFar: count }).nullable(),
  next: moment.nullable().describe('when its schedule fires next'),
  paused: z.boolean(),
  pausedBecause: z.string().nullable().describe('why an operator has paused it'),
});

const entityStatus = z.strictObject({
  ...target,
  table: z.string(),
  cursor: moment.nullable(),
  lagMs: z.number().nullable(),
  rows: z.strictObject({ live: count, deleted: count, disputed: count }).nullable(),
  setAside: count,
  inbox: z.strictObject({ open: count, oldest: moment.nullable(), parked: count }),
  plansWaiting: z.array(waitingPlan),
  proved: z.strictObject({ at: moment, differences: count }).nullable(),
  delta: strategyStatus,
  reconciliation: strategyStatus,
});

export const status = z.strictObject({
  at: moment.describe("when this was true, in PostgreSQL's time"),
  temporal: z
    .strictObject({ reachable: z.boolean(), error: z.string().nullable() })
    .nullable()
    .describe('without Temporal, runs whose lease is over are `unknown`'),
  connections: z.array(
    z.strictObject({
      id: z.string(),
      connector: z.string(),
      registered: z.boolean(),
      enabled: z.boolean(),
      timeZone: z.string(),
      unreadable: z.int().describe('webhook deliveries that the connector could not read'),
      entities: z.array(entityStatus),
    }),
  ),
});

export const started = z.strictObject({ workflowId: z.string() });

/** Every error of the API. https://www.rfc-editor.org/rfc/rfc9457 */
export const problemShape = z.strictObject({
  status: z.int(),
  type: z.string().describe('stable, for machines: `urn:tidemark:<type>`'),
  title: z.string(),
  detail: z.string().describe('what happened and what to do'),
  mistakes: z.array(z.string()).optional().describe('what is wrong with the request, one line each'),
  instance: z.string().describe("the request's id, under which the log tells more; also in the header x-request-id"),
});
