import type { RowsOfTable } from '../../../../destination/connections/removeConnection';
import { TidemarkError } from '../../../../schema/errors';
import type { RemovedConnection } from '../../../operations/connections/showConnection';
import { type AddCommand, addCommand, perform } from '../../command';
import { actor } from '../../terminal/actor';
import { plural } from '../../terminal/phrases';
import { withSession } from '../../terminal/session';

interface Options {
  readonly keepRows?: boolean;
  readonly deleteRows?: boolean;
  readonly reason: string;
}

export const addConnectionsRemove: AddCommand = (connections, onEnd) => {
  addCommand(connections, {
    usage: 'remove <connection>',
    summary: 'remove a connection with its secrets, schedules, cursors, runs, inbox and set-aside records',
    details:
      'What happens to its rows in the tables is asked on a terminal, or said by --keep-rows or --delete-rows. For good: there is no undo. ' +
      'While a run is on, the connection is only disabled (exit status 3).',
    examples: [
      'connections remove demo --keep-rows',
      'connections remove demo --delete-rows --reason "the tenant has left"',
    ],
  })
    .option('--keep-rows', 'its rows stay in the tables as they are')
    .option('--delete-rows', 'its rows are deleted from the tables')
    .option('--reason <text>', 'why; kept in the audit', 'no reason given')
    .action(
      perform(onEnd, (shell, options: Options, id: string) =>
        withSession(shell, async (session) => {
          const { dropConnection, rowsToRemove } = await import('../../../operations/connections/showConnection.js');
          const { db } = session;
          const connectors = await session.connectors();
          const rows = said(options) ?? (await asked(id, await rowsToRemove({ db, connectors }, id)));
          const { client } = await session.temporalLater();
          const by = { actor: actor(), reason: options.reason };
          const removed = await dropConnection({ db, connectors, client }, id, rows, by);
          shell.result(removed, () => removedText(removed));
          return undefined;
        }),
      ),
    );
};

function said({ keepRows, deleteRows }: Options): 'keep' | 'delete' | undefined {
  if (keepRows && deleteRows)
    throw new TidemarkError('Usage', '--keep-rows and --delete-rows say different things; nothing was removed');
  return keepRows ? 'keep' : deleteRows ? 'delete' : undefined;
}

async function asked(id: string, tables: readonly RowsOfTable[]): Promise<'keep' | 'delete'> {
  const what = tablesText(tables);
  if (!process.stdin.isTTY) {
    throw new TidemarkError(
      'Usage',
      `Say what happens to the rows of connection '${id}' (${what}): --keep-rows or --delete-rows; nothing was removed`,
    );
  }
  const { ask } = await import('../../terminal/secretInput.js');
  const answer = await ask(
    `Connection ${id} has ${what}. Remove it, and keep or delete its rows? [keep/delete/cancel] `,
    false,
  );
  const word = answer.trim().toLowerCase();
  if (word === 'keep' || word === 'delete') return word;
  throw new TidemarkError('Usage', 'Nothing was removed');
}

function tablesText(tables: readonly RowsOfTable[]): string {
  return tables.map(({ table, rows }) => `${plural(rows, 'row')} in ${table}`).join(', ') || 'no rows';
}

function removedText({ connectionId, rows, tables, delayedBecause }: RemovedConnection): string {
  const what = tablesText(tables);
  const became =
    rows === 'deleted'
      ? `Deleted with it: ${what}.`
      : `Its rows stay as they are: ${what}; nothing updates them any more.`;
  const schedules =
    delayedBecause === null
      ? []
      : [`${delayedBecause} Its schedules go when a server starts, or with 'tidemark schedules repair'.`];
  return [`Connection ${connectionId} was removed, with its secrets and schedules. ${became}`, ...schedules].join('\n');
}
