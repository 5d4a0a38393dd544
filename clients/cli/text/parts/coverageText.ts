import type { ResultOf } from '../../../operations/definition/operation';
import type { status } from '../../../operations/status';
import { plural } from '../../terminal/phrases';

type Proved = NonNullable<ResultOf<typeof status>['connections'][number]['entities'][number]['proved']>;

/** What a scan covered, as it follows "proved equal": "for 19 of 21 partitions, since 2025-11-01; 312 imported rows not compared". */
export function coverageText(coverage: Proved['coverage'] | undefined): string {
  if (!coverage) return '';
  const { partitions, from, to, notCompared } = coverage;
  const covered = [
    ...(partitions === null ? [] : [`for ${partitions.compared} of ${plural(partitions.known, 'partition')}`]),
    ...(from === null ? [] : [`since ${dayOf(from)}`]),
    ...(to === null ? [] : [`before ${dayOf(to)}`]),
  ];
  const { imported = 0, own = 0, outside = 0, held = 0, unread = 0 } = notCompared;
  const left = [
    ...(imported > 0 ? [plural(imported, 'imported row')] : []),
    ...(own > 0 ? [`${plural(own, 'row')} of users`] : []),
    ...(outside > 0 ? [`${plural(outside, 'row')} outside of that range`] : []),
    ...(held > 0 ? [`${plural(held, 'row')} of partitions that wait for a decision`] : []),
    ...(unread > 0 ? [`${plural(unread, 'row')} of partitions that could not be read`] : []),
  ];
  return [covered.join(', '), ...(left.length === 0 ? [] : [`${left.join(', ')} not compared`])]
    .filter((part) => part !== '')
    .join('; ');
}

function dayOf(instant: string): string {
  return instant.slice(0, 10);
}
