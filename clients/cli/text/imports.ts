import type { ImportResult } from '../../../schema/workflows';
import type { importFile, importsErrors } from '../../operations/imports';
import { plural } from '../terminal/phrases';
import { type Outcome, view } from '../view';
import { runOutcomeText } from './parts/runOutcome';
import { startedText } from './parts/started';

export const views = {
  import: view<typeof importFile>({
    text: startedText('import'),
    ended: (outcomes, { input: { connection, entity } }) =>
      outcomes.map((one) => importText(`${connection}/${entity}`, one)).join('\n'),
  }),
  'imports errors': view<typeof importsErrors>({
    text: ({ errors, import: id }) =>
      errors.length === 0
        ? `No line of import ${id} is noted as one that could not be imported.`
        : errors.map(({ line, problem, content }) => `line ${line}: ${problem}\n  ${content.slice(0, 200)}`).join('\n'),
  }),
};

function importText(name: string, one: Outcome): string {
  const result = one.result as unknown as ImportResult | null;
  if (one.state !== 'done' || result?.outcome !== 'succeeded') return runOutcomeText(name, one);
  const { counts, lines, headings, blank, continued, dryRun, runId, importId } = result;
  const rest = [
    [counts.refused, 'ranked below what the source answered later'],
    [counts.skipped, 'left as they are, since their rows exist'],
    [counts.duplicates, 'followed by a later line with the same key'],
    [counts.errors, 'could not be imported'],
    [headings, 'of titles and headers'],
    [blank, 'blank'],
    [continued, 'within values of other lines'],
  ] as const;
  const { inserted, updated, unchanged } = counts;
  const would = dryRun ? 'would be ' : '';
  return [
    `${name}: ${plural(lines, 'line')}; ${plural(inserted, 'row')} ${would}inserted, ${updated.toLocaleString('en')} ${would}changed, ${unchanged.toLocaleString('en')} unchanged; run ${runId}`,
    ...rest.filter(([count]) => count > 0).map(([count, what]) => `  ${plural(count, 'line')} ${what}`),
    ...(counts.errors > 0 ? [`Next: tidemark imports errors ${importId}`] : []),
    ...(dryRun ? ['Nothing was written, since this was a dry run.'] : []),
    ...(!dryRun && inserted + updated > 0
      ? [`To take it back within 7 days: tidemark undo ${runId} --reason "..."`]
      : []),
  ].join('\n');
}
