import { z } from 'zod';
import { decidePlan, knownPlan, sampleOfPlan } from '../../../destination/plans/decidePlan';
import { countItems } from '../../../destination/plans/plans';
import { waitingPlans } from '../../../destination/readModels/statusFacts';
import { getRun } from '../../../destination/runs/runs';
import { undoRun } from '../../../destination/runs/undoRun';
import { parseDuration } from '../../../schema/duration';
import { name } from '../../operations/context';
import { approvePlan } from '../../operations/plans';
import { findTarget } from '../../operations/targets';
import { type Operation, operation } from '../operation';
import { refusable } from '../problem';
import { number, plan, started, waitingPlan } from '../shapes';
import { byOf, decision } from './by';
import type { ApiContext } from './context';
import { startedSoon } from './started';

const onePlan = z.strictObject({ plan: number });

/** Plans of deletions that wait for somebody, and taking deletions back. */
export function planOperations({ db, client, connectors, taskQueue }: ApiContext): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/api/plans',
      summary: 'Plans that wait for a decision',
      query: z.strictObject({ connection: name.optional() }),
      answer: z.strictObject({ plans: z.array(waitingPlan) }),
      perform: async ({ query }) => ({ plans: await waitingPlans(db, query.connection) }),
    }),
    operation({
      method: 'GET',
      path: '/api/plans/{plan}',
      summary: 'One plan, with some of the ids that it would delete',
      params: onePlan,
      answer: plan.extend({
        items: z.array(z.strictObject({ difference: z.string(), outcome: z.string(), count: z.int() })),
        sample: z.array(z.string()).describe('ids, to look up at the source'),
      }),
      perform: async ({ params }) => {
        const found = await knownPlan(db, params.plan);
        return { ...found, items: await countItems(db, found.id), sample: await sampleOfPlan(db, found.id) };
      },
    }),
    operation({
      method: 'POST',
      path: '/api/plans/{plan}/approve',
      summary: 'Let the deletions of a waiting plan be applied',
      details: 'Each row is confirmed with the source again. Answers 409 where nothing is to be decided.',
      params: onePlan,
      body: decision,
      status: 202,
      answer: started,
      perform: ({ params, body }) =>
        refusable(() => startedSoon(client, () => approvePlan({ db, client, taskQueue }, params.plan, byOf(body)))),
    }),
    operation({
      method: 'POST',
      path: '/api/plans/{plan}/reject',
      summary: 'Put a waiting plan aside: its deletions are not applied',
      details: 'Answers 409 where nothing is to be decided.',
      params: onePlan,
      body: decision,
      answer: plan,
      perform: ({ params, body }) => refusable(() => decidePlan(db, params.plan, 'rejected', byOf(body))),
    }),
    operation({
      method: 'POST',
      path: '/api/runs/{run}/undo',
      summary: 'Bring back the rows that a run soft-deleted',
      details: 'Rows that were written since stay as they are. Answers 409 where there are no deletions to undo.',
      params: z.strictObject({ run: number }),
      body: decision,
      answer: z.strictObject({ runId: number, restored: z.int(), changedSince: z.int() }),
      perform: async ({ params, body }) => {
        const run = await getRun(db, params.run);
        const { entity } = await findTarget(db, connectors, run.connectionId, run.entity);
        const undone = await refusable(() => undoRun(db, run.id, entity, parseDuration(entity.readLag), byOf(body)));
        return { runId: run.id, ...undone };
      },
    }),
  ];
}
