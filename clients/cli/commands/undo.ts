import { type AddCommand, addCommand, perform } from '../command';
import { exitStatus } from '../failure';
import { actor } from '../terminal/actor';
import { plural } from '../terminal/phrases';
import { withSession } from '../terminal/session';

export const addUndo: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'undo <run>',
    summary: 'bring back the rows that a run soft-deleted',
    details:
      'The rows are live again with the content they had. Rows that were written since stay as they are. ' +
      'The next reconciliation judges them anew: mend its cause first.',
    examples: ['undo 57 --reason "the token had lost its rights to two campuses"'],
  })
    .requiredOption('--reason <text>', 'why; kept in the audit')
    .action(
      perform(onEnd, (shell, { reason }: { reason: string }, runId: string) =>
        withSession(shell, async (session) => {
          const { db } = session;
          const [{ undoRun }, { getRun }, { findTarget }, { parseDuration }] = await Promise.all([
            import('../../../destination/runs/undoRun.js'),
            import('../../../destination/runs/runs.js'),
            import('../../operations/targets.js'),
            import('../../../schema/duration.js'),
          ]);
          const run = await getRun(db, runId);
          const { entity } = await findTarget(db, await session.connectors(), run.connectionId, run.entity);
          const undone = await undoRun(db, runId, entity, parseDuration(entity.readLag), { actor: actor(), reason });
          const since =
            undone.changedSince > 0 ? `; ${plural(undone.changedSince, 'row')} written since stay as they are` : '';
          shell.result(
            { runId, ...undone },
            () => `Run ${runId} undone: ${plural(undone.restored, 'row')} live again${since}.`,
          );
          return exitStatus.done;
        }),
      ),
    );
};
