import { type AddCommand, addCommand, perform } from '../command';
import { runAll } from '../runAll';
import { plural } from '../terminal/phrases';
import { withSession } from '../terminal/session';
import { type RunReport, reportText, statusOf } from '../text/outcomes';

export const addRemap: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'remap <connection> <entity>',
    summary: 'rebuild the typed columns from raw after the mapping has changed',
    details:
      'The source is not asked. Columns that the row schema has and the table lacks are added first. Versions, deletes and the cursor ' +
      'stay as they are. A row that no longer maps keeps its columns and is set aside. Restart the workers with the new mapping first.',
    examples: ['remap demo people', 'remap demo people --no-wait --json'],
  })
    .option('--wait', 'wait for the end (the default)', true)
    .option('--no-wait', 'only start it')
    .action(
      perform(onEnd, (shell, { wait }: { wait: boolean }, connectionId: string, entityName: string) =>
        withSession(shell, async (session) => {
          const { findTarget } = await import('../../operations/targets.js');
          const { assertRemappable } = await import('../../operations/possible.js');
          assertRemappable(await findTarget(session.db, await session.connectors(), connectionId, entityName));
          const { client } = await session.temporal();
          const { startRemap } = await import('../../temporal/start.js');
          const runs = await runAll(shell, {
            client,
            targets: [{ connectionId, entity: entityName }],
            wait,
            start: (target) => startRemap({ db: session.db, client }, target, { trigger: 'cli' }),
          });
          shell.result({ runs }, () => runs.map(remapText).join('\n'));
          return statusOf(runs);
        }),
      ),
    );
};

function remapText(report: RunReport): string {
  if (report.outcome !== 'succeeded' || !('counts' in report)) return reportText(report);
  const { connectionId, entity, runId, counts } = report;
  const { updated, unchanged, errors, skipped } = counts;
  const aside = errors + skipped;
  return [
    `${connectionId}/${entity} mapped anew: ${plural(updated, 'row')} changed, ${unchanged.toLocaleString('en')} unchanged; run ${runId}`,
    ...(aside > 0
      ? [`${plural(aside, 'row')} kept their columns. Next: tidemark set-aside list ${connectionId} ${entity}`]
      : []),
  ].join('\n');
}
