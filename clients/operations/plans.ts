import { argument, field, optional } from './definition/fields';
import { operation } from './definition/operation';
import { plan, planItems, started, waitingPlan } from './definition/schemas';

const planNumber = argument(field.number('the number of a plan'));

export const plans = operation({
  name: 'plans',
  effect: 'look',
  summary: 'list the plans that wait for a decision',
  examples: ['', 'demo --json'],
  input: { connection: optional(argument(field.name('only of this connection'))) },
  result: (z) => z.object({ plans: z.array(waitingPlan(z)) }),
  run: () => import('./work/decide.js').then(({ listPlans }) => listPlans),
});

export const plansShow = operation({
  name: 'plans show',
  effect: 'look',
  path: '/plans/{plan}',
  summary: 'show one plan, with some of the ids that it would delete',
  examples: ['12', '12 --json'],
  input: { plan: planNumber },
  result: (z) =>
    plan(z).extend({ items: planItems(z), sample: z.array(z.string()).describe('ids, to look up at the source') }),
  run: () => import('./work/decide.js').then(({ showPlan }) => showPlan),
});

export const approve = operation({
  name: 'approve',
  effect: 'start',
  decision: true,
  path: '/plans/{plan}/approve',
  summary: 'apply the deletions of a waiting plan',
  details:
    "A plan waits when it would delete more than the deletion guard allows; 'tidemark status' shows its number and why. " +
    'Each row is confirmed with the source again before it is soft-deleted; rows that were written since are left alone. ' +
    'A plan about related records deletes nothing: they are read again and written, although they are fewer than before. ' +
    'The rows of a plan about records that the mapping leaves out are not confirmed: those that it still leaves out are soft-deleted. So are those of a plan about records that other rows exclude.',
  examples: ['12 --reason "the old campus was closed, 300 people moved"'],
  input: { plan: planNumber },
  result: (z) => z.object(started(z)),
  run: () => import('./work/decide.js').then(({ approve: run }) => run),
});

export const reject = operation({
  name: 'reject',
  effect: 'change',
  path: '/plans/{plan}/reject',
  summary: 'reject a waiting plan: its deletions are not applied',
  details: 'The next reconciliation draws a new plan from what the source lists then.',
  examples: ['12 --reason "the API lost a page, see their status page"'],
  input: { plan: planNumber },
  result: (z) => plan(z),
  run: () => import('./work/decide.js').then(({ reject: run }) => run),
});
