import type { ExcludingRow } from '../../../../destination/readModels/excludingRow';
import type { PlannedFacts, TracedAnswer } from '../../../../destination/readModels/recordFacts';
import type { Run } from '../../../../destination/runs/runs';
import type { ConnectorEntity } from '../../../../schema/definition/connector';

/** Sentences that story and verdict share. */

/** An instant as people read it: `2026-11-21 14:02:03Z`. */
export function instant(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** An encoded version as the source writes it, as nearly as that is known. */
export function versionText({ deltaSyncField }: ConnectorEntity, version: string | null): string {
  const kind = deltaSyncField?.kind;
  if (version === null || version === '') return 'none';
  if (kind === 'instant') return version.replace(/\.?0+Z$/, 'Z');
  // a sign, the number of digits, the digits: see schema/version
  return kind === 'integer' && version.startsWith('1') ? version.slice(3) : version;
}

/** `row 12 of reports` */
export function excludingText(excluding: ExcludingRow | null): string {
  if (excluding === null) return 'a row of another table';
  return excluding.id === null ? `a row of ${excluding.by}` : `row ${excluding.id} of ${excluding.by}`;
}

/** Why an answer lost, was disputed, or what it did. */
export function why(entity: ConnectorEntity, answer: TracedAnswer): string {
  const version = versionText(entity, answer.version);
  const held = versionText(entity, answer.heldVersion);
  const sameVersion = answer.version === answer.heldVersion;
  switch (answer.outcome) {
    case 'deleted':
      return 'the source no longer had it';
    case 'revived':
      return `the row was deleted, and the source shows it again (version ${version})`;
    case 'replaced':
      return 'its day no longer lists it';
    case 'skipped':
      return `the mapping leaves its version ${version} out`;
    case 'excluded':
      return 'a row of another table excludes its record';
    case 'included':
      return 'no row of another table excludes its record any more';
    case 'rekeyed':
      return `its record also has the key ${JSON.stringify(answer.otherId)}, and the row is named by the better of the two since`;
    case 'refused':
      if (answer.beforeWatermark)
        return 'it had been received before the watermark that a confirmed answer or a reconciliation set';
      if (answer.gone)
        return `the row had been received too recently (${instant(answer.heldReceivedAt ?? answer.at)}) to be deleted`;
      if (answer.heldGone) return 'the row holds that the record is gone, which ranks higher';
      if (sameVersion) return `the row held an answer of the same version ${held} that was requested later`;
      return `its version ${version} is older than ${held}, which the row held`;
    case 'disputed': {
      const stayed = answer.won ? 'it was written' : 'the row stayed as it was';
      const between = sameVersion
        ? `both are of version ${version} but differ, and were requested within the read lag`
        : `it says ${answer.gone ? 'gone' : `version ${version}`}, the row held ${answer.heldGone ? 'gone' : `version ${held}`}, and rank and time disagree`;
      return `${between}; ${stayed}, and the record is fetched again after the read lag`;
    }
  }
}

/** What a reconciliation made of the record, as evidence. */
export function plannedText({ planId, runId, difference, outcome, detail, status }: PlannedFacts): string {
  const found = {
    missing: 'listed, but without a live row here',
    stale: 'listed with another version than the row had, or disputed',
    gone: 'not listed',
    unlisted: 'not listed, but received so recently that this proves nothing',
  }[difference];
  const became =
    outcome === 'open' ? `nothing was done yet (the plan is ${status})` : `${outcome}${detail ? ` (${detail})` : ''}`;
  return `plan ${planId} of run ${runId}: ${found}; ${became}`;
}

/** `run 12 (delta by cli)` */
export function runName({ id, strategy, full, trigger, dryRun }: Run): string {
  return `run ${id} (${dryRun ? 'dry ' : ''}${strategy}${full && strategy === 'delta' ? ' of everything' : ''}, ${trigger})`;
}

/** Whether a run must have met a record that was last changed at `changed`. */
export function covered(run: Run, changed: Date): boolean {
  if (run.status !== 'succeeded' || run.dryRun || run.startedAt < changed) return false;
  if (run.strategy === 'reconciliation') return true;
  return run.strategy === 'delta' && (run.full || (run.cursorBefore !== null && run.cursorBefore <= changed));
}
