import type { RunResult } from '../../../schema/workflows';
import type { remap } from '../../operations/sync';
import { plural } from '../terminal/phrases';
import { type Outcome, view } from '../view';
import { runOutcomeText } from './parts/runOutcome';
import { startedText } from './parts/started';

export const views = {
  remap: view<typeof remap>({
    text: startedText('remap'),
    ended: (outcomes, { input: { connection, entity } }) =>
      outcomes.map((one) => remapText(`${connection}/${entity}`, one)).join('\n'),
  }),
};

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
