import type { Goal } from '../bench';
import { firstSync } from './firstSync';

/** In the order in which they are measured. */
export const goals: readonly Goal[] = [firstSync];
