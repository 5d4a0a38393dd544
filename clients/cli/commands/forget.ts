import type { Forgotten } from '../../operations/forget';
import { type AddCommand, addCommand, perform } from '../command';
import { actor } from '../terminal/actor';
import { withSession } from '../terminal/session';

export const addForget: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'forget <connection> <entity> <id>',
    summary:
      'erase one record from everything that is kept: its row with raw, set-aside payloads, webhook bodies, plans',
    details:
      'For good: there is no undo. The audit notes that it was done and why, neither the id nor a hash of it, so leave both out of the reason; the id alone is kept for a day, to hold off what was being fetched. ' +
      'Nothing is suppressed: delete the record at the source first, else the next sync brings it back.',
    examples: ['forget demo people 10000001 --reason "erasure request of 3 March"'],
  })
    .requiredOption('--reason <text>', 'why; kept in the audit')
    .action(
      perform(onEnd, (shell, { reason }: { reason: string }, connection: string, entity: string, id: string) =>
        withSession(shell, async ({ db, connectors }) => {
          const { forget } = await import('../../operations/forget.js');
          const context = { db, connectors: await connectors() };
          const forgotten = await forget(context, { connection, entity, id }, { actor: actor(), reason });
          shell.result(forgotten, () => forgottenText(forgotten));
          return undefined;
        }),
      ),
    );
};

function forgottenText({ connectionId, entity, erased, warnings }: Forgotten): string {
  const counts: readonly (readonly [number, string])[] = [
    [erased.rows, 'row'],
    [erased.setAside, 'set-aside record'],
    [erased.events, 'webhook event'],
    [erased.sharedDeliveries, 'body of another event of the same deliveries'],
    [erased.answers, 'trace of answers'],
    [erased.planItems, 'place in plans'],
    [erased.audits, 'id in the audit'],
  ];
  const parts = counts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} × ${what}`]));
  return [`Erased from ${connectionId}/${entity}: ${parts.join(', ')}.`, ...warnings].join('\n');
}
