import type { RecordFacts } from '../../../../destination/readModels/recordFacts';
import type { RelatedCursor } from '../../../../destination/runs/cursors';
import type { Run } from '../../../../destination/runs/runs';
import type { LookAtResult } from '../../../../schema/definition/checks';
import type { Target } from '../../../../schema/workflows';
import { covered, excludingText, instant } from './words';

/** What the source said, or why it was not asked. */
export type SourceNow = LookAtResult | { readonly says: 'not-asked'; readonly detail: string };

export interface Circumstances extends Target {
  readonly id: string;
  readonly facts: RecordFacts;
  readonly source: SourceNow;
  readonly runs: readonly Run[];
  /** the last run of all, of whatever outcome */
  readonly cursor: Date | null;
  /** of the related records whose changes are listed */
  readonly relatedCursors: readonly RelatedCursor[];
  readonly enabled: boolean;
  /** what the source said of the connection's credentials; null: it accepts them */
  readonly needsCredentials: string | null;
  readonly changed: Date | null;
  /** a delta that asked for the time of the record's last change, more than the read lag after it, and did not bring it */
  readonly passedBy: Run | undefined;
}

export interface Verdict {
  /** null: unknown */
  readonly right: boolean | null;
  readonly sentence: string;
}

/** Whether table and source agree, and why, in one sentence. */
export function verdictOn(about: Circumstances): Verdict {
  const { source, facts } = about;
  switch (source.says) {
    case 'live':
      return onLive(about, source);
    case 'gone':
      return onGone(about, source.detail);
    case 'set-aside':
      if (isSkipped(about, source.detail)) return onSkipped(about, source.detail);
      return wrong(
        `The source shows it, but it cannot be written and is set aside (${source.detail}): fix the mapping or the record.`,
      );
    default: {
      const { row } = facts;
      const holds =
        row === null
          ? `there is no row of it${because(about)}`
          : row.deletedAt
            ? deletion(about)
            : `the table holds it as of ${instant(row.receivedAt ?? row.syncedAt)}`;
      const unsure = source.says === 'unclear' ? 'The source gives no clear answer' : 'The source was not asked';
      return { right: null, sentence: `${unsure} (${trimmed(source.detail)}); ${holds}.` };
    }
  }
}

function onLive(about: Circumstances, { row, columns, id, connectionId, entity }: LookAtResult): Verdict {
  const { facts } = about;
  const fix = `\`tidemark record ${connectionId} ${entity} ${id}\` fixes it now`;
  const { edited = false, deletedAt = null } = facts.row ?? {};
  if (edited && deletedAt === null && facts.row?.leftOut === 'excluded')
    return kept(`the source shows it, and ${excludingText(facts.excludedBy)} excludes it`);
  if (row === 'excluded') return onExcluded(about);
  if (row === 'equal' && (facts.row === null || facts.row.deletedAt !== null)) {
    const kept = facts.row === null ? 'it has no such row' : deletion(about);
    return {
      right: true,
      sentence: `The table is right: ${kept}; the source shows it, and ${excludingText(facts.excludedBy)} excludes it.`,
    };
  }
  if (row === 'equal') {
    const disputed = facts.row?.disputedAt ? ', though the row is disputed and will be fetched again' : '';
    return {
      right: true,
      sentence: `The table is right: it holds what the source says now${disputed}${openWebhook(facts) ? '; a webhook about it is still open' : ''}.`,
    };
  }
  if (row === 'deleted')
    return wrong(
      `${capital(deletion(about))}, but the source shows it now; ${reason(about) ?? 'the next reconciliation brings it back'}; ${fix}.`,
    );
  const what = row === 'missing' ? 'It is not in the table' : `The table is behind in ${columns.join(', ')}`;
  const known = reason(about);
  if (known !== undefined) return wrong(`${what}: ${known}; ${fix}.`);
  if (row === 'missing') {
    const met = about.changed === null ? undefined : about.runs.find((run) => covered(run, about.changed as Date));
    const although = met ? ` although run ${met.id} covers its last change` : '';
    return wrong(
      `${what}: it was never listed by ${about.connectionId}${although}, yet the source returns it by id (a filter of the listing, or a permission?); ${fix}.`,
    );
  }
  return wrong(`${what}, ${changedAlone(about)}; ${fix}.`);
}

/** The row is live, and stays although its record is left out. */
function kept(because: string): Verdict {
  return { right: null, sentence: `The row is live, and stays: ${because}, but a user has edited the row.` };
}

/** The row is live, although another excludes its record. */
function onExcluded({ facts, connectionId, entity }: Circumstances): Verdict {
  const because = `the source shows it, and ${excludingText(facts.excludedBy)} excludes it`;
  const plan = facts.plans.find(({ status }) => status === 'waiting');
  const next =
    plan !== undefined
      ? `plan ${plan.planId} waits for an operator`
      : facts.row?.leftOut === 'excluded'
        ? 'the next run deletes it'
        : `\`tidemark reconcile ${connectionId} ${entity}\` deletes it`;
  return wrong(`The row is live: ${because}; ${next}.`);
}

/** What is known where nothing that is kept explains a difference: a related record may have changed without its record. */
function changedAlone({ relatedCursors }: Circumstances): string {
  if (relatedCursors.length === 0) return 'and nothing that is kept says why: the next reconciliation finds it';
  const read = relatedCursors.map(({ kind, at }) => `changes of ${kind} are read up to ${instant(at)}`).join(', ');
  return `and the record itself has not changed: what belongs to it may have changed alone (${read}), and the next delta or reconciliation finds it`;
}

/** The mapping leaves the record out, as it did when it was set aside. */
function isSkipped({ facts }: Circumstances, detail: string): boolean {
  const aside = facts.setAside.findLast(({ clearedAt }) => clearedAt === null);
  return aside?.reason === 'skipped' && detail === `skipped: ${aside.detail}`;
}

function onSkipped(about: Circumstances, detail: string): Verdict {
  const { row, plans } = about.facts;
  const because = `the source shows it, and the mapping leaves it out (${trimmed(detail.replace(/^skipped: /, ''))})`;
  if (row === null) return { right: true, sentence: `The table is right: it has no such row; ${because}.` };
  if (row.deletedAt !== null) return { right: true, sentence: `The table is right: ${deletion(about)}; ${because}.` };
  if (row.edited) return kept(because);
  const { leftOut } = row;
  const plan = plans.find(({ status }) => status === 'waiting');
  if (leftOut === null)
    return {
      right: null,
      sentence: `The row is live, and stays: ${because}, but an operator has kept it.`,
    };
  const next = plan === undefined ? 'the next run deletes it' : `plan ${plan.planId} waits for an operator`;
  return wrong(`The row is live with what it held before: ${because}; ${next}.`);
}

function onGone(about: Circumstances, evidence: string): Verdict {
  const { row } = about.facts;
  if (row === null)
    return {
      right: true,
      sentence: `The table is right: it has no such record, and neither has the source (${evidence}).`,
    };
  if (row.deletedAt !== null)
    return {
      right: true,
      sentence: `The table is right: ${deletion(about)}, and the source says the same now (${evidence}).`,
    };
  const waiting = about.facts.plans.find(({ status }) => status === 'waiting');
  if (waiting)
    return wrong(
      `The source no longer has it (${evidence}), but its delete waits in plan ${waiting.planId}: \`tidemark approve ${waiting.planId} --reason …\`.`,
    );
  const known = openWebhook(about.facts) ?? disabled(about);
  return wrong(
    `The source no longer has it (${evidence}), but the row is live: ${known ?? 'the next reconciliation deletes it'}; \`tidemark record ${about.connectionId} ${about.entity} ${about.id}\` does so now.`,
  );
}

/** Why the table lacks what the source shows, the nearest cause first; undefined where nothing that is kept explains it. */
function reason(about: Circumstances): string | undefined {
  const { facts, runs, changed, cursor } = about;
  const aside = facts.setAside.findLast(({ clearedAt }) => clearedAt === null);
  if (aside) return `it is set aside as ${aside.reason}: ${trimmed(aside.detail)} (entry ${aside.id})`;
  const known = openWebhook(facts) ?? disabled(about);
  if (known) return known;
  if (facts.row === null && facts.forgottenAt !== null)
    return `it was erased here on purpose at ${instant(facts.forgottenAt)}, and what the source still has comes back when it changes there or with the next reconciliation: delete it at the source first`;
  if (facts.row?.disputedAt) return 'the row is disputed, and is fetched again after the read lag';
  const last = runs.findLast(({ strategy }) => strategy === 'delta');
  if (last?.status === 'running') return `run ${last.id} is running`;
  if (last && last.status !== 'succeeded')
    return `the last delta, run ${last.id}, ${last.status}: ${trimmed(last.error ?? 'it says nothing')}`;
  if (cursor === null) return 'no delta has succeeded yet';
  if (changed === null || changed <= cursor) return undefined;
  const since = `the source changed it at ${instant(changed)}, after the cursor (${instant(cursor)})`;
  if (about.passedBy === undefined) return `${since}: the next delta brings it`;
  return `${since}, but run ${about.passedBy.id}, a delta that started later, did not bring it: \`tidemark probe ${about.connectionId} ${about.entity}\` shows whether the filter finds such records; the next reconciliation brings it`;
}

function because(about: Circumstances): string {
  const known = reason(about);
  return known === undefined ? '' : `: ${known}`;
}

function openWebhook({ events }: RecordFacts): string | undefined {
  const open = events.find(({ doneAt }) => doneAt === null);
  if (open) return `a webhook arrived at ${instant(open.receivedAt)} but is open: is a worker running?`;
  const parked = events.findLast(({ outcome }) => outcome === 'parked');
  return parked && `a webhook of ${instant(parked.receivedAt)} could not be processed: ${trimmed(parked.detail ?? '')}`;
}

function disabled({ enabled, connectionId, needsCredentials }: Circumstances): string | undefined {
  if (!enabled) return `connection ${connectionId} is disabled`;
  return needsCredentials === null ? undefined : `connection ${connectionId} needs credentials (${needsCredentials})`;
}

/** When and on what evidence the row was deleted. */
function deletion({ facts }: Circumstances): string {
  const { row } = facts;
  const at = row?.deletedAt ? instant(row.deletedAt) : 'some time';
  const by = row?.writtenBy ?? '';
  const leftOut = row?.leftOut != null;
  const plan = facts.plans.findLast(
    ({ runId, appliedBy, outcome }) => outcome === 'deleted' && [`run ${runId}`, `run ${appliedBy}`].includes(by),
  );
  if (plan)
    return `it was deleted on ${at} because plan ${plan.planId} (${by}) found it ${plan.detail ?? 'not listed'}`;
  if (row?.leftOut === 'excluded') return `it has had no live row since ${at}${by ? ` (${by})` : ''}`;
  if (row?.leftOut === 'replaced')
    return `it was deleted on ${at} because its day no longer lists it${by ? ` (${by})` : ''}`;
  if (leftOut) return `it was deleted on ${at} because the mapping leaves its record out${by ? ` (${by})` : ''}`;
  return `it was deleted on ${at} because the source said that it is gone when it was asked${by ? ` (${by})` : ''}`;
}

function wrong(sentence: string): Verdict {
  return { right: false, sentence };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function trimmed(text: string): string {
  const [line = ''] = text.split('\n');
  return (line.length > 200 ? `${line.slice(0, 199)}…` : line).replace(/\.$/, '');
}
