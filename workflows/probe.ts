import type { ProbeInput, ProbeResult } from '../schema/definition/checks';
import { singleAttempt } from './activities';

/** Asks an API with a bounded number of requests whether it behaves as its definition says. */
export function probe(input: ProbeInput): Promise<ProbeResult> {
  return singleAttempt.probe(input);
}
