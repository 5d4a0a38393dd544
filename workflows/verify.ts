import type { VerifyInput, VerifyResult } from '../schema/definition/checks';
import { longRunning } from './activities';
import { tellingProgress } from './runAround';

/** Compares a sample, or everything, with the source, field by field, and writes nothing. */
export function verify(input: VerifyInput): Promise<VerifyResult> {
  // how far it is, its activity's heartbeats say
  tellingProgress().phase = input.sample === null ? 'comparing everything' : `comparing ${input.sample} rows`;
  return longRunning.verify(input);
}
