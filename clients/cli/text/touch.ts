import type { TouchResult } from '../../../schema/workflows';
import type { touch } from '../../operations/touch';
import { exitStatus } from '../failure';
import { statusOfOutcomes } from '../runOperation';
import { type Outcome, view } from '../view';
import { failureText } from './parts/runOutcome';

const resultOf = ({ state, result }: Outcome) => (state === 'done' ? (result as unknown as TouchResult | null) : null);

export const views = {
  touch: view<typeof touch>({
    text: ({ workflowId }) => `The change was started.\nNext: tidemark outcome ${workflowId} --wait 30`,
    ended: ([one], { input: { connection, entity, id } }) => {
      const result = one && resultOf(one);
      if (!result) return one === undefined ? '' : `${connection}/${entity} ${id} ${failureText(one)}`;
      switch (result.outcome) {
        case 'done':
          return `${id} was changed at the source (${result.detail}).\nNext: tidemark sync ${connection} ${entity}`;
        case 'not-done':
          return `${id} was not changed: ${result.detail}.`;
        default:
          return `It is unknown whether ${id} was changed: ${result.detail}.\nNext: look at the record at the source before you touch it again.`;
      }
    },
    endedStatus: (outcomes) =>
      outcomes.some((one) => resultOf(one)?.outcome !== 'done') && outcomes.every(({ state }) => state === 'done')
        ? exitStatus.failed
        : statusOfOutcomes(outcomes),
  }),
};
