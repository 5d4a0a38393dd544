import { type AddCommand, addCommand, perform } from '../command';
import { runAll } from '../runAll';
import { withSession } from '../terminal/session';
import { type RunReport, reportText, statusOf } from '../text/outcomes';

interface Options {
  readonly dryRun?: boolean;
  readonly wait: boolean;
}

export const addReconcile: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'reconcile <connection> <entity>',
    summary: 'compare the whole table with the source now: fetch what is missing, soft-delete what is gone',
    details:
      'Deletes only what the source confirms to be gone. More deletions than the guard allows wait for approval (status 3).',
    examples: ['reconcile demo people', 'reconcile demo people --dry-run', 'reconcile demo people --json'],
  })
    .option('--dry-run', 'find and count the differences, write nothing')
    .option('--wait', 'wait for the end (the default)', true)
    .option('--no-wait', 'only start it')
    .action(
      perform(onEnd, (shell, { dryRun, wait }: Options, connectionId: string, entity: string) =>
        withSession(shell, async (session) => {
          const { db } = session;
          const { findTarget } = await import('../../operations/targets.js');
          await findTarget(db, await session.connectors(), connectionId, entity);
          const { client } = await session.temporal();
          const { startReconciliation } = await import('../../temporal/start.js');
          const runs = await runAll(shell, {
            client,
            targets: [{ connectionId, entity }],
            wait,
            start: (target) => startReconciliation({ db, client }, target, { dryRun, trigger: 'cli' }),
          });
          shell.result(runs[0], () => [...runs.map(reportText), nextStep(runs[0], connectionId, entity)].join('\n'));
          return statusOf(runs);
        }),
      ),
    );
};

function nextStep(report: RunReport | undefined, connectionId: string, entity: string): string {
  if (report?.outcome === 'succeeded' && 'dryRun' in report && report.dryRun) {
    return `Next: tidemark reconcile ${connectionId} ${entity}`;
  }
  if (report?.outcome === 'waiting' && 'planId' in report && report.planId !== null) {
    return `Next: tidemark approve ${report.planId} --reason "..." lets it through, tidemark reject ${report.planId} --reason "..." ends it`;
  }
  return `Next: tidemark runs ${connectionId} ${entity}`;
}
