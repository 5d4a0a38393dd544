import type { RunResult } from '../../../schema/workflows';
import type { backfill, reconcile, remap, sync } from '../../operations/sync';
import { exitStatus } from '../failure';
import { statusOfOutcomes } from '../runOperation';
import { plural } from '../terminal/phrases';
import { type Outcome, view } from '../view';
import { runOutcomeText } from './parts/runOutcome';
import { startedText } from './parts/started';

const nameOf = ({ connectionId, entity }: { readonly connectionId: string; readonly entity: string }) =>
  `${connectionId}/${entity}`;

export const views = {
  sync: view<typeof sync>({
    text: ({ started, alreadyRunning }, { input }) =>
      [
        ...alreadyRunning.map((one) => `${nameOf(one)} is already running: ${one.detail}`),
        ...started.map((one) => `${nameOf(one)} started.`),
        `Next: tidemark runs ${input.connection}`,
      ].join('\n'),
    status: ({ alreadyRunning }) => (alreadyRunning.length > 0 ? exitStatus.busy : exitStatus.done),
    ended: (outcomes, { input }, { started, alreadyRunning }) =>
      [
        ...alreadyRunning.map((one) => `${nameOf(one)} is already running: ${one.detail}`),
        ...outcomes.map((one, index) => runOutcomeText(started[index] ? nameOf(started[index]) : '', one)),
        `Next: tidemark status ${input.connection}`,
      ].join('\n'),
    endedStatus: (outcomes, { alreadyRunning }) => {
      const status = statusOfOutcomes(outcomes);
      return status === exitStatus.done && alreadyRunning.length > 0 ? exitStatus.busy : status;
    },
  }),
  reconcile: view<typeof reconcile>({
    text: startedText('reconciliation'),
    ended: ([outcome], { input: { connection, entity } }) =>
      outcome === undefined
        ? ''
        : `${runOutcomeText(`${connection}/${entity}`, outcome)}\nNext: ${nextStep(outcome, connection, entity)}`,
  }),
  backfill: view<typeof backfill>({
    text: startedText('backfill'),
    ended: (outcomes, { input: { connection, entity } }) =>
      outcomes.map((one) => runOutcomeText(`${connection}/${entity}`, one)).join('\n'),
  }),
  remap: view<typeof remap>({
    text: startedText('remap'),
    ended: (outcomes, { input: { connection, entity } }) =>
      outcomes.map((one) => remapText(`${connection}/${entity}`, one)).join('\n'),
  }),
};

function nextStep({ result }: Outcome, connection: string, entity: string): string {
  if (result !== null && 'planId' in result && typeof result.planId === 'string' && result.outcome === 'waiting') {
    return `tidemark approve ${result.planId} --reason "..." lets it through, tidemark reject ${result.planId} --reason "..." ends it`;
  }
  const dry = result !== null && 'dryRun' in result && result.dryRun === true;
  return `tidemark ${dry ? 'reconcile' : 'runs'} ${connection} ${entity}`;
}

function remapText(name: string, one: Outcome): string {
  const result = one.result as unknown as RunResult | null;
  if (one.state !== 'done' || result?.outcome !== 'succeeded') return runOutcomeText(name, one);
  const { connectionId, entity, runId, counts } = result;
  const { updated, unchanged, errors, skipped } = counts;
  const aside = errors + skipped;
  return [
    `${name} mapped again: ${plural(updated, 'row')} changed, ${unchanged.toLocaleString('en')} unchanged; run ${runId}`,
    ...(aside > 0
      ? [`${plural(aside, 'row')} kept their columns. Next: tidemark set-aside list ${connectionId} ${entity}`]
      : []),
  ].join('\n');
}
