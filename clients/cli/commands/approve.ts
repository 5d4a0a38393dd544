import { TidemarkError } from '../../../schema/errors';
import { type AddCommand, addCommand, perform } from '../command';
import { exitStatus } from '../failure';
import { actor } from '../terminal/actor';
import { follow } from '../terminal/follow';
import { plural } from '../terminal/phrases';
import { withSession } from '../terminal/session';

interface Options {
  readonly reason: string;
  readonly wait: boolean;
}

export const addApprove: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'approve <plan>',
    summary: 'let the deletions of a waiting plan be applied',
    details:
      "A plan waits when it would delete more than the deletion guard lets through; 'tidemark status' shows its number and why. " +
      'Each row is confirmed with the source again before it is soft-deleted; rows that were written since are left alone.',
    examples: ['approve 12 --reason "the old campus was closed, 300 people moved"'],
  })
    .requiredOption('--reason <text>', 'why; kept in the audit')
    .option('--wait', 'wait for the end (the default)', true)
    .option('--no-wait', 'only start it')
    .action(
      perform(onEnd, (shell, { reason, wait }: Options, planId: string) =>
        withSession(shell, async ({ db, temporal }) => {
          const { client } = await temporal();
          const { approvePlan } = await import('../../operations/plans.js');
          const handle = await approvePlan({ db, client }, planId, { actor: actor(), reason });
          if (!wait) {
            shell.result(
              { planId, outcome: 'started', workflowId: handle.workflowId },
              () => `Plan ${planId} is being applied.`,
            );
            return exitStatus.done;
          }
          const [end] = await follow(shell, client, [{ name: `plan ${planId}`, handle }]);
          if (end === undefined || 'error' in end) throw end?.error ?? new Error(`plan ${planId} was not followed`);
          const { outcome, deleted, reason: why, runId, connectionId, entity } = end.result;
          if (outcome === 'already-running') {
            throw new TidemarkError(
              'AlreadyRunning',
              `Plan ${planId} is approved, but a reconciliation of ${connectionId}/${entity} is on (run ${runId}): approve it again when that has ended`,
            );
          }
          shell.result(end.result, () =>
            why === null
              ? `Plan ${planId} applied: ${plural(deleted, 'row')} soft-deleted, run ${runId}.\nNext: tidemark undo ${runId} --reason "..." brings them back`
              : `Plan ${planId} deleted nothing: ${why}`,
          );
          return why === null ? exitStatus.done : exitStatus.busy;
        }),
      ),
    );
};
