import type { FirstPageInput, FirstPageResult } from '../schema/definition/checks';
import { singleAttempt } from './activities';

/** Reads the first page of an entity's list, writing nothing: whether the credentials may read it. */
export function firstPage(input: FirstPageInput): Promise<FirstPageResult> {
  return singleAttempt.readFirstPage(input);
}
