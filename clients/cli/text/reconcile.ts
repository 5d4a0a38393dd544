import type { reconcile } from '../../operations/sync';
import { type Outcome, view } from '../view';
import { runOutcomeText } from './parts/runOutcome';
import { startedText } from './parts/started';

export const views = {
  reconcile: view<typeof reconcile>({
    text: startedText('reconciliation'),
    ended: ([outcome], { input: { connection, entity } }) =>
      outcome === undefined
        ? ''
        : `${runOutcomeText(`${connection}/${entity}`, outcome)}\nNext: ${nextStep(outcome, connection, entity)}`,
  }),
};

function nextStep({ result }: Outcome, connection: string, entity: string): string {
  if (result !== null && 'planId' in result && typeof result.planId === 'string' && result.outcome === 'waiting') {
    return `tidemark approve ${result.planId} --reason "..." lets it through, tidemark reject ${result.planId} --reason "..." ends it`;
  }
  const dry = result !== null && 'dryRun' in result && result.dryRun === true;
  return `tidemark ${dry ? 'reconcile' : 'runs'} ${connection} ${entity}`;
}
