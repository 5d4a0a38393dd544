import type { Explanation } from '../../operations/explain/explain';
import type { SourceNow } from '../../operations/explain/verdict';
import type { KnownTarget } from '../../operations/targets';
import { type AddCommand, addCommand, perform } from '../command';
import { exitStatus } from '../failure';
import { wait } from '../terminal/progress';
import { type Session, withSession } from '../terminal/session';
import type { Colours } from '../terminal/shell';

export const addExplain: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'explain <connection> <entity> <id>',
    summary: 'tell the whole story of one record, and why its row is as it is',
    details:
      'Webhooks, runs, answers that lost or were disputed, set-aside reasons and deletes in order of time, then what the source says ' +
      'now and the verdict. The source is asked by a worker; nothing is written. Exit status 1 when the table is wrong.',
    examples: ['explain demo people 10000001', 'explain demo people 10000001 --no-source --json'],
  })
    .option('--no-source', 'do not ask the source')
    .action(
      perform(onEnd, (shell, { source }: { source: boolean }, connectionId: string, entityName: string, id: string) =>
        withSession(shell, async (session) => {
          const { findTarget } = await import('../../operations/targets.js');
          const { explain } = await import('../../operations/explain/explain.js');
          const target = await findTarget(session.db, await session.connectors(), connectionId, entityName);
          const now = source ? await ask(session, target, id) : { says: 'not-asked' as const, detail: '--no-source' };
          const told = await explain(session.db, target, id, now);
          shell.result(told, () => explanationText(shell.colours, told));
          return told.verdict.right === false ? exitStatus.failed : undefined;
        }),
      ),
    );
};

async function ask(session: Session, { connection, entity }: KnownTarget, id: string): Promise<SourceNow> {
  const { lookAt } = await import('../../operations/explain/askSource.js');
  const { temporalError } = await import('../../temporal/temporal.js');
  const waiting = await wait('asking the source');
  try {
    const { client } = await session.temporal();
    return await lookAt({ db: session.db, client }, { connectionId: connection.id, entity, id });
  } catch (error) {
    return { says: 'not-asked', detail: temporalError(error).message };
  } finally {
    waiting.done();
  }
}

function explanationText(
  { bold, dim }: Colours,
  { connectionId, entity, id, story, source, verdict }: Explanation,
): string {
  const lines = story.map(
    ({ at, about, text }) =>
      `${dim(`${at.toISOString().slice(0, 19).replace('T', ' ')}Z`)}  ${about.padEnd(9)}  ${text}`,
  );
  return [
    bold(`${connectionId}/${entity} ${id}`),
    ...(lines.length === 0 ? ['Nothing has ever been heard of it here.'] : lines),
    `${dim('now'.padEnd(20))}  ${'source'.padEnd(9)}  ${sourceText(source)}`,
    '',
    verdict.sentence,
  ].join('\n');
}

function sourceText(source: SourceNow): string {
  if (source.says === 'not-asked') return `not asked: ${source.detail}`;
  if (source.says !== 'live') return `${source.says}: ${source.detail}`;
  const row = {
    equal: 'equal to the row',
    differs: `the row differs in ${source.columns.join(', ')}`,
    missing: 'there is no row',
    deleted: 'the row is deleted',
  };
  return `live, version ${source.version ?? 'none'}; ${row[source.row ?? 'missing']}`;
}
