import type { Goal } from '../bench';
import { actions } from './actions';
import { budget } from './budget';
import { coldStart } from './coldStart';
import { dlt } from './dlt';
import { firstSync } from './firstSync';
import { latentSource } from './latentSource';
import { reconciliation } from './reconciliation';
import { schedules } from './schedules';
import { tenants } from './tenants';
import { webhookBurst } from './webhookBurst';
import { webhookLatency } from './webhookLatency';
import { workers } from './workers';

/** In the order in which they are measured. */
export const goals: readonly Goal[] = [
  coldStart,
  firstSync,
  dlt,
  webhookLatency,
  webhookBurst,
  latentSource,
  budget,
  workers,
  tenants,
  actions,
  schedules,
  reconciliation,
];
