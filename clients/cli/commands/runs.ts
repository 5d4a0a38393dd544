import type { Run } from '../../../destination/runs/runs';
import { type AddCommand, addCommand, perform } from '../command';
import { countsText, since } from '../terminal/phrases';
import { type Session, withSession } from '../terminal/session';
import { table } from '../terminal/table';
import { wholeNumber } from '../terminal/values';

export const addRuns: AddCommand = (program, onEnd) => {
  const runs = addCommand(program, {
    usage: 'runs [connection] [entity]',
    summary: 'list runs, newest first; show one',
    examples: ['runs', 'runs demo people --limit 5', 'runs demo --json', 'runs show 17'],
  });
  addShow(runs, onEnd);
  runs.option('--limit <n>', 'how many', wholeNumber({ min: 1, max: 1000 }), 20).action(
    perform(onEnd, async (shell, options: { limit: number }, connectionId?: string, entity?: string) => {
      const runs = await withSession(shell, (session) => runsOf(session, connectionId, entity, options.limit));
      shell.result({ runs }, () => {
        if (runs.length === 0) return "No runs yet: start one with 'tidemark sync <connection>'.";
        return table(
          shell.colours,
          ['run', 'connection', 'entity', 'strategy', 'trigger', 'status', 'started', 'took', 'pages', 'result'],
          runs.map((run) => [
            run.id,
            run.connectionId,
            run.entity,
            `${run.strategy}${run.full ? ' (full)' : ''}${run.dryRun ? ' (dry)' : ''}`,
            run.trigger,
            run.status,
            since(run.startedAt),
            run.endedAt ? `${((run.endedAt.getTime() - run.startedAt.getTime()) / 1000).toFixed(1)} s` : undefined,
            run.pages,
            run.error === null ? countsText(run.counts) : `${run.errorType}: ${firstLine(run.error)}`,
          ]),
        );
      });
      return undefined;
    }),
  );
};

const addShow: AddCommand = (runs, onEnd) => {
  addCommand(runs, {
    usage: 'show <run>',
    summary: 'show one run: counts, pages, durations, errors, what it deleted',
    examples: ['runs show 17', 'runs show 17 --deleted 1000', 'runs show 17 --json'],
  })
    .option('--deleted <n>', 'how many ids of deleted rows', wholeNumber({ min: 0, max: 100_000 }), 20)
    .action(
      perform(onEnd, (shell, { deleted }: { deleted: number }, id: string) =>
        withSession(shell, async ({ db, temporal }) => {
          const { readRun } = await import('../../operations/runDetails.js');
          const client = async () => (await temporal()).client;
          const run = await readRun({ db, client }, id, { deletedIds: deleted });
          const { runText } = await import('../text/runText.js');
          shell.result(run, () => runText(run));
          return undefined;
        }),
      ),
    );
};

/** A run that says "running" after its lease has passed is told as what became of it. */
async function runsOf(
  session: Session,
  connectionId: string | undefined,
  entity: string | undefined,
  limit: number,
): Promise<Run[]> {
  const { db } = session;
  const { listRuns } = await import('../../../destination/runs/runs.js');
  if (connectionId !== undefined && entity !== undefined) {
    const { findTarget } = await import('../../operations/targets.js');
    await findTarget(db, await session.connectors(), connectionId, entity);
  } else if (connectionId !== undefined) {
    const { getConnection } = await import('../../../destination/connections/connections.js');
    await getConnection(db, connectionId);
  }
  const runs = await listRuns(db, { connectionId, entity, limit });
  if (!runs.some((run) => run.status === 'running' && run.leaseExpired)) return runs;
  const { stateOf } = await import('../../temporal/runState.js');
  const { client } = await session.temporal();
  return Promise.all(
    runs.map(async (run) => (run.leaseExpired ? { ...run, status: await stateOf({ db, client }, run) } : run)),
  );
}

function firstLine(text: string): string {
  const [line = ''] = text.split('\n');
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
