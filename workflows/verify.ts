import { defineQuery, setHandler } from '@temporalio/workflow';
import { noCounts } from '../schema/answer';
import type { VerifyInput, VerifyResult } from '../schema/checks';
import { type Progress, progressQuery } from '../schema/workflows';
import { long } from './activities';

/** Compares a sample, or everything, with the source, field by field, and writes nothing. */
export function verify(input: VerifyInput): Promise<VerifyResult> {
  // how far it is, its activity's heartbeats say
  const phase = input.sample === null ? 'comparing everything' : `comparing ${input.sample} rows`;
  const progress: Progress = { phase, runId: null, pages: 0, records: 0, counts: { ...noCounts } };
  setHandler(defineQuery<Progress>(progressQuery), () => progress);
  return long.verify(input);
}
