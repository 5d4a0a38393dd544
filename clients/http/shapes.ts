import { z } from 'zod';
import { isStorable } from '../../schema/storableText';
import { filterInput, textInput } from '../operations/context';

/** What the API's answers hold: described by these schemas, and real answers are tested against them. */

/** Any JSON of which PostgreSQL can take every text, keys too. */
export const storableJson = z
  .json()
  .refine(isStorableJson, { error: 'must not hold U+0000 or half of a surrogate pair' });

function isStorableJson(value: unknown): boolean {
  if (typeof value === 'string') return isStorable(value);
  if (Array.isArray(value)) return value.every(isStorableJson);
  return (
    typeof value !== 'object' ||
    value === null ||
    Object.entries(value).every(([key, item]) => isStorable(key) && isStorableJson(item))
  );
}

/** A number that names a run or a plan. */
export const number = z.string().regex(/^\d{1,18}$/, { error: 'must be a number' });
export const reason = textInput(1_000).regex(/\S/, { error: 'must say something' }).describe('why; kept in the audit');
export const filter = filterInput;

export const moment = z.iso.datetime();
const count = z.int().min(0);
/** which connection and entity an answer is about */
export const targetAnswer = { connectionId: z.string(), entity: z.string() };
/** a number as a query or a path writes it */
export const entryNumber = z.coerce.number().int().min(1);
export const pageSize = z.coerce.number().int().min(1).max(1_000);

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
  ...targetAnswer,
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

export const runDetails = run.extend({
  tookMs: z.number().describe('until now where it is on'),
  parts: z.array(
    z.strictObject({
      step: z.string().describe('`pull`, `scan` …'),
      partition: z.string(),
      pages: count,
      records: count,
      requests: count,
      counts: counts.partial(),
      done: z.boolean(),
      failingSince: moment.nullable(),
      failingWith: z.string().nullable(),
    }),
  ),
  plan: z
    .strictObject({
      id: number,
      status: z.string(),
      liveRows: count,
      missing: count,
      stale: count,
      gone: count,
      unlisted: count,
      deleted: count,
      reason: z.string().nullable(),
      expiresAt: moment,
      decidedBy: z.string().nullable(),
      decisionReason: z.string().nullable(),
      items: z.array(z.strictObject({ difference: z.string(), outcome: z.string(), count: z.int() })),
    })
    .nullable()
    .describe('of a reconciliation: what it found, and what became of that'),
  deletedIds: z.array(z.string()).describe('some of those that it soft-deleted'),
  setAside: z.array(z.strictObject({ reason: z.string(), open: count })).describe('what it set aside and still is'),
});

export const plan = z.strictObject({
  id: number,
  runId: number,
  ...targetAnswer,
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
  ...targetAnswer,
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
  ...targetAnswer,
  table: z.string(),
  cursor: moment.nullable(),
  lagMs: z.number().nullable(),
  rows: z.strictObject({ live: count, deleted: count, disputed: count }).nullable(),
  setAside: count,
  inbox: z.strictObject({ open: count, oldest: moment.nullable(), parked: count }),
  plansWaiting: z.array(waitingPlan),
  proved: z
    .strictObject({
      at: moment,
      differences: count,
      unjudged: z.record(z.string(), count).describe('rows that it could not judge, by reason'),
    })
    .nullable(),
  owed: z.record(z.string(), moment).describe('columns added since rows were read, empty in those rows'),
  keepsRaw: z.boolean().describe('whether remap can fill an added column'),
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

export const workflowRunId = z.uuid();

export const started = z.strictObject({
  workflowId: z.string(),
  workflowRunId: workflowRunId.describe('both go to `/api/outcome`, which tells what became of it'),
});

/** Every error of the API. https://www.rfc-editor.org/rfc/rfc9457 */
export const problemShape = z.strictObject({
  status: z.int(),
  type: z.string().describe('stable, for machines: `urn:tidemark:<type>`'),
  title: z.string(),
  detail: z.string().describe('what happened and what to do'),
  mistakes: z.array(z.string()).optional().describe('what is wrong with the request, one line each'),
  instance: z.string().describe("the request's id, under which the log has more; also in the header x-request-id"),
});
