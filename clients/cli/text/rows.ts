import type { ResultOf } from '../../operations/definition/operation';
import type { rowsOrphans } from '../../operations/orphans';
import type { rowsDuplicates, rowsHours, rowsWalks } from '../../operations/rows';
import { plural } from '../terminal/phrases';
import { table } from '../terminal/table';
import { view } from '../view';

export const views = {
  'rows hours': view<typeof rowsHours>({
    text: ({ hours }, { colours }) =>
      table(
        colours,
        ['hour', 'created', 'changed', 'deleted'],
        hours.map(({ hour, created, changed, deleted }) => [hour.toISOString(), created, changed, deleted]),
      ),
  }),
  'rows walks': view<typeof rowsWalks>({ text: (found, { colours }) => walksText(found, colours) }),
  'rows duplicates': view<typeof rowsDuplicates>({ text: duplicatesText }),
  'rows orphans': view<typeof rowsOrphans>({ text: orphansText }),
};

function walksText(
  { connectionId, entity, since, suspicious, walks }: ResultOf<typeof rowsWalks>,
  colours: Parameters<typeof table>[0],
): string {
  const name = `${connectionId}/${entity}`;
  if (walks.length === 0) return `No row of ${name} has changed since ${since.toISOString()}.`;
  const rows = walks.map((walk) => [
    walk.run === null ? (walk.writtenBy ?? 'not the engine') : `run ${walk.run.id}`,
    walk.run === null
      ? '-'
      : `${walk.run.strategy}${walk.run.readsMore && walk.run.strategy === 'delta' ? ' (full)' : ''}`,
    walk.rows,
    walk.neighbours,
    walk.created,
    `${walk.firstId} … ${walk.lastId}`,
    walk.suspicious ? 'walked through the list' : '',
  ]);
  const verdict =
    suspicious === 0
      ? `No delta of ${name} has walked through the list since ${since.toISOString()}.`
      : `${plural(suspicious, 'delta')} of ${name} wrote long stretches of neighbouring ids, although only changed records were to be read.\n` +
        `Next: tidemark probe ${connectionId} ${entity}, which tests the filter`;
  const headings = ['written by', 'strategy', 'rows', 'neighbours', 'new', 'ids', ''];
  return [table(colours, headings, rows), verdict].join('\n');
}

function duplicatesText({
  columns,
  compared,
  values,
  duplicates,
  table: where,
}: ResultOf<typeof rowsDuplicates>): string {
  const by = columns.join(', ');
  if (values === 0) return `No two of ${plural(compared, 'live row')} in ${where} have the same ${by}.`;
  const lines = duplicates.map(({ column, value, rows }) => {
    const ids = rows.map(
      ({ id, origin }) => `${id ?? 'without an id'}${origin === null ? ' (not written by the engine)' : ''}`,
    );
    return `  ${column} ${value}: ${ids.join(', ')}`;
  });
  const more = values > duplicates.length ? [`  … and ${values - duplicates.length} more: --limit shows them`] : [];
  return [
    `${plural(values, 'value')} of ${by} are shared by several of ${plural(compared, 'live row')} in ${where}:`,
    ...lines,
    ...more,
  ].join('\n');
}

function orphansText({ references }: ResultOf<typeof rowsOrphans>): string {
  const lines = references.flatMap(({ column, to, referring, found, orphans, ambiguous, pending, samples }) => [
    `${column}: of ${plural(referring, 'row')} that refer to ${to}, ${found} found theirs; ${orphans} match no live row, ${ambiguous} match several${pending === 0 ? '' : `, ${pending} wait for the next sweep`}.`,
    ...samples.map(({ id, matches }) => `  ${id}: ${matches.length === 0 ? 'none' : matches.join(', ')}`),
    ...(orphans + ambiguous > samples.length
      ? [`  … and ${orphans + ambiguous - samples.length} more: --limit shows them`]
      : []),
  ]);
  return lines.join('\n');
}
