import { type AddCommand, addCommand, perform } from '../command';
import { runAll } from '../runAll';
import { withSession } from '../terminal/session';
import { moment } from '../terminal/values';
import { reportText, statusOf } from '../text/outcomes';

interface Options {
  readonly since: Date;
  readonly wait: boolean;
}

export const addBackfill: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'backfill <connection> <entity>',
    summary: 'read again what changed since an instant, behind everything else',
    details:
      'A run of its own, beside the deltas, with the last place in the request budget. The cursor stays: everything up to it is ' +
      "still synced, and the deltas go on from there. To read everything, use 'sync --full'.",
    examples: ['backfill demo people --since 2026-01-01T00:00:00Z', 'backfill demo people --since 30d --no-wait'],
  })
    .requiredOption('--since <instant>', 'a moment, or how long ago', moment)
    .option('--wait', 'wait for the end (the default)', true)
    .option('--no-wait', 'only start it')
    .action(
      perform(onEnd, (shell, { since, wait }: Options, connectionId: string, entityName: string) =>
        withSession(shell, async (session) => {
          const { findTarget } = await import('../../operations/targets.js');
          const { assertBackfillable } = await import('../../operations/possible.js');
          const target = await findTarget(session.db, await session.connectors(), connectionId, entityName);
          assertBackfillable(target, since);
          const { client } = await session.temporal();
          const { startBackfill } = await import('../../temporal/start.js');
          const runs = await runAll(shell, {
            client,
            targets: [{ connectionId, entity: entityName }],
            wait,
            start: (target) => startBackfill({ db: session.db, client }, target, { since, trigger: 'cli' }),
          });
          shell.result({ runs }, () => runs.map(reportText).join('\n'));
          return statusOf(runs);
        }),
      ),
    );
};
