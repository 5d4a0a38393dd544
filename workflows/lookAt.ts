import type { LookAtInput, LookAtResult } from '../schema/definition/checks';
import { singleAttempt } from './activities';

/** Asks the source for one record and compares it with the row, writing nothing. For `explain`. */
export function lookAt(input: LookAtInput): Promise<LookAtResult> {
  return singleAttempt.lookAt(input);
}
