import type { ResultOf } from '../../operations/definition/operation';
import type { explain } from '../../operations/explain';
import { exitStatus } from '../failure';
import type { Colours } from '../terminal/shell';
import { view } from '../view';

type Explanation = ResultOf<typeof explain>;

export const views = {
  explain: view<typeof explain>({
    text: (found, { colours }) => explanationText(colours, found),
    status: ({ verdict }) => (verdict.right === false ? exitStatus.failed : exitStatus.done),
  }),
};

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
    ...(lines.length === 0 ? ['Nothing about it was ever received.'] : lines),
    `${dim('now'.padEnd(20))}  ${'source'.padEnd(9)}  ${sourceText(source)}`,
    '',
    verdict.sentence,
  ].join('\n');
}

function sourceText({ says, detail, row, columns = [], version }: Explanation['source']): string {
  if (says === 'not-asked') return `not asked: ${detail}`;
  if (says !== 'live') return `${says}: ${detail}`;
  const rows = {
    equal: 'the table is right about it',
    differs: `the row differs in ${columns.join(', ')}`,
    missing: 'there is no row',
    deleted: 'the row is deleted',
    excluded: 'the row is live, although a row of another table excludes it',
  };
  return `live, version ${version ?? 'none'}; ${rows[row ?? 'missing']}`;
}
