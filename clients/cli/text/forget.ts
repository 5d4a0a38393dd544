import type { ResultOf } from '../../operations/definition/operation';
import type { forget } from '../../operations/forget';
import { view } from '../view';

export const views = { forget: view<typeof forget>({ text: forgottenText }) };

function forgottenText({ connectionId, entity, erased, warnings }: ResultOf<typeof forget>): string {
  const counts: readonly (readonly [number, string])[] = [
    [erased.rows, 'row'],
    [erased.setAside, 'set-aside record'],
    [erased.events, 'webhook event'],
    [erased.sharedDeliveries, 'body of another event of the same deliveries'],
    [erased.answers, 'trace of answers'],
    [erased.planItems, 'place in plans'],
    [erased.files, 'imported file'],
    [erased.audits, 'id in the audit'],
  ];
  const parts = counts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} × ${what}`]));
  return [`Erased from ${connectionId}/${entity}: ${parts.join(', ')}.`, ...warnings].join('\n');
}
