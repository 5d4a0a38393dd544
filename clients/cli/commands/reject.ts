import { type AddCommand, addCommand, perform } from '../command';
import { exitStatus } from '../failure';
import { actor } from '../terminal/actor';
import { plural } from '../terminal/phrases';
import { withSession } from '../terminal/session';

export const addReject: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'reject <plan>',
    summary: 'put a waiting plan aside: its deletions are not applied',
    details: 'The next reconciliation draws a plan of its own from what the source lists then.',
    examples: ['reject 12 --reason "the API lost a page, see their status page"'],
  })
    .requiredOption('--reason <text>', 'why; kept in the audit')
    .action(
      perform(onEnd, (shell, { reason }: { reason: string }, planId: string) =>
        withSession(shell, async ({ db }) => {
          const { decidePlan } = await import('../../../destination/plans/decidePlan.js');
          const plan = await decidePlan(db, planId, 'rejected', { actor: actor(), reason });
          shell.result(
            plan,
            () =>
              `Plan ${planId} of ${plan.connectionId}/${plan.entity} rejected: ${plural(plan.gone + plan.unlisted, 'row')} stay.`,
          );
          return exitStatus.done;
        }),
      ),
    );
};
