import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { TouchInput, TouchResult } from '../schema/workflows';
import { shortRunning, singleAttempt } from './activities';

/** Makes a harmless change at the source. The request is sent once at most; if its attempt is lost, PostgreSQL knows whether it was sent. */
export async function touch(input: TouchInput): Promise<TouchResult> {
  try {
    return await singleAttempt.touch(input);
  } catch (error) {
    const settled = await CancellationScope.nonCancellable(() => shortRunning.settleTouch(input));
    if (isCancellation(error)) throw error;
    return settled;
  }
}
