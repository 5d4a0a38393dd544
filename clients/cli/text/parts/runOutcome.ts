import type { ReconciliationResult, RunResult } from '../../../../schema/workflows';
import type { ResultOf } from '../../../operations/definition/operation';
import type { outcome } from '../../../operations/outcome';
import { hintOf } from '../../failure';
import { reportText } from './outcomes';

type Outcome = ResultOf<typeof outcome>;

/** How a run came out, as one line or a few. `name`: `demo/people` */
export function runOutcomeText(name: string, one: Outcome): string {
  const result = one.result as unknown as RunResult | ReconciliationResult | null;
  if (one.state === 'done' && result !== null) return reportText(result);
  return `${name} ${failureText(one)}`;
}

/** Why there is no result. */
export function failureText({ state, error }: Outcome): string {
  if (error === null) return `is ${state}.`;
  const words = {
    cancelled: 'was cancelled in Temporal',
    terminated: 'was terminated in Temporal',
    'timed-out': 'timed out',
  };
  const ended = Object.entries(words).find(([name]) => name === state)?.[1];
  const hint = hintOf(error.type);
  const said = ended === undefined ? `failed (${error.type}): ${error.message}` : `${ended}.`;
  return hint === undefined ? said : `${said}\n  ${hint}`;
}
