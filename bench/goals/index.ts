import type { Goal } from '../bench';
import { coldStart } from './coldStart';
import { firstSync } from './firstSync';
import { webhookBurst } from './webhookBurst';
import { webhookLatency } from './webhookLatency';

/** In the order in which they are measured. */
export const goals: readonly Goal[] = [coldStart, firstSync, webhookLatency, webhookBurst];
