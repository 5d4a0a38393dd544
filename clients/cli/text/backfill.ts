import type { backfill } from '../../operations/sync';
import { view } from '../view';
import { runOutcomeText } from './parts/runOutcome';
import { startedText } from './parts/started';

export const views = {
  backfill: view<typeof backfill>({
    text: startedText('backfill'),
    ended: (outcomes, { input: { connection, entity } }) =>
      outcomes.map((one) => runOutcomeText(`${connection}/${entity}`, one)).join('\n'),
  }),
};
