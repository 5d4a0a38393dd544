import { mappingFindings } from '../../../schema/definition/mappingAudit';
import { counts } from './counts';
import type { Z } from './fields';
import { coverage, target } from './schemas';

/** What the workflows return that operations start: counts, ids and findings, never a record's content. */

const count = (z: Z) => z.int().min(0);

function outcome(z: Z) {
  return z
    .enum(['succeeded', 'waiting', 'already-running', 'disabled', 'needs-credentials'])
    .describe('`waiting`: for approval; `already-running`, `disabled` and `needs-credentials`: nothing was done');
}

function run(z: Z) {
  return {
    ...target(z),
    outcome: outcome(z),
    runId: z.string().nullable(),
    counts: counts(z),
    pages: count(z),
    cursor: z.iso.datetime().nullable(),
    deletionsUnknownSince: z.iso
      .datetime()
      .optional()
      .describe('the source had forgotten its token: a reconciliation follows that finds what was deleted since'),
  };
}

/** Of a delta, a backfill, a remap. */
export function runResult(z: Z) {
  return z.strictObject(run(z));
}

export function importResult(z: Z) {
  return z.strictObject({
    ...run(z),
    dryRun: z.boolean(),
    importId: z.string(),
    lines: count(z).describe('of the file'),
    headings: count(z).describe('lines of titles and headers'),
    blank: count(z).describe('blank lines'),
    continued: count(z).describe('further lines of records that take several'),
  });
}

export function reconciliationResult(z: Z) {
  return z.strictObject({
    ...run(z),
    dryRun: z.boolean(),
    planId: z.string().nullable(),
    scanned: count(z).describe('records that the source lists'),
    missing: count(z),
    stale: count(z),
    gone: count(z).describe('live rows that the source did not list'),
    unlisted: count(z).describe('such rows that were received so recently that absence proves nothing'),
    deleted: count(z).describe('of those, how many the source confirmed'),
    held: z.array(z.string()).optional().describe('plans of single partitions that wait for an operator by themselves'),
    reason: z.string().nullable().describe('why nothing was deleted, where nothing was'),
    causes: z.record(z.string(), count(z)).describe('how the differences came about, and how many each way'),
    proposedLookback: z
      .string()
      .nullable()
      .describe("a lookback with which deltas would have found what came late: '5m'"),
  });
}

export function applyPlanResult(z: Z) {
  return z.strictObject({
    ...target(z),
    outcome: outcome(z),
    runId: z.string().nullable(),
    planId: z.string(),
    deleted: count(z),
    reason: z.string().nullable().describe('why nothing was deleted'),
    counts: counts(z),
  });
}

export function recordResult(z: Z) {
  return z.strictObject({
    ...target(z),
    id: z.string(),
    outcome: z.enum(['inserted', 'updated', 'unchanged', 'deleted', 'refused', 'set-aside', 'unknown-record']),
    fetches: count(z).describe('how often the source was asked'),
  });
}

export function recordsResult(z: Z) {
  return z.strictObject({ ...target(z), counts: counts(z), fetches: count(z) });
}

export function verifyResult(z: Z) {
  return z.strictObject({
    ...target(z),
    all: z.boolean(),
    compared: count(z),
    differing: count(z),
    pending: count(z).describe('changed at the source after the cursor: the next delta brings them'),
    unclear: count(z).describe('set aside, or not answered clearly by the source: neither equal nor differing'),
    askedAgain: count(z).describe('differences that were checked a second time after the read lag'),
    liveRows: count(z),
    coverage: coverage(z).nullish().describe('what the list covered; null: everything'),
    uncertainEnds: count(z)
      .optional()
      .describe(
        'lists that ended where nothing showed that they had ended: records behind such an end were not compared',
      ),
    differences: z
      .array(
        z.strictObject({
          id: z.string(),
          found: z.enum(['differs', 'missing', 'deleted', 'gone', 'skipped', 'excluded']),
          columns: z.array(z.string()),
        }),
      )
      .describe('at most 50 of the differing'),
    differingAtMost: z
      .number()
      .nullable()
      .describe('at most this share of all live rows differs, with 95 % confidence; null when everything was compared'),
  });
}

export function probeResult(z: Z) {
  return z.strictObject({
    ...target(z),
    requests: count(z),
    findings: z.array(
      z.strictObject({
        about: z.string(),
        verdict: z.enum(['agrees', 'contradicts', 'unknown']),
        finding: z.string(),
        request: z.string().nullable().describe('the request that shows it, without secrets'),
        line: z.string().nullable().describe('the line of the definition that follows from it'),
      }),
    ),
  });
}

export function auditResult(z: Z) {
  return z.strictObject({
    ...target(z),
    records: count(z).describe('records that the source listed just now'),
    stored: count(z).describe('stored records that they were compared with'),
    findings: z.array(
      z.strictObject({
        about: z.enum(mappingFindings),
        field: z.string().describe('path of a field, `*` for any element of a list; or the name of a column'),
        finding: z.string(),
        records: count(z).describe('how many of the records show it'),
        ids: z.array(z.string()),
        confirmed: z.boolean().describe('both halves of the sample show it'),
        line: z.string().nullable().describe('what to change in the definition'),
      }),
    ),
  });
}

/** Any of them, the most specific first. */
export function anyResult(z: Z) {
  const ours = [
    reconciliationResult,
    applyPlanResult,
    importResult,
    runResult,
    recordResult,
    recordsResult,
    verifyResult,
    probeResult,
    auditResult,
  ];
  const [first, ...others] = ours.map((one) => one(z));
  // what an older version returned, and workflows that no operation starts
  const other = z.record(z.string(), z.unknown());
  return first === undefined ? other : z.union([first, ...others, other]);
}
