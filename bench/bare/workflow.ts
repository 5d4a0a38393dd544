import { proxyActivities } from '@temporalio/workflow';

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: '10s' });

/** The least that a workflow with one activity can do. */
export async function bare(): Promise<void> {
  await nothing();
}
