import type { outcome } from '../../operations/outcome';
import { exitStatus } from '../failure';
import { statusOfOutcomes } from '../runOperation';
import { view } from '../view';
import { failureText } from './parts/runOutcome';

export const views = {
  outcome: view<typeof outcome>({
    text: (one) =>
      one.state === 'done' && one.result !== null
        ? JSON.stringify(one.result, undefined, 2)
        : `${one.workflowId} ${failureText(one)}`,
    status: (one) => (one.state === 'running' ? exitStatus.busy : statusOfOutcomes([one])),
  }),
};
