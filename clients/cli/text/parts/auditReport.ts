import type {
  MappingAuditResult,
  MappingFinding,
  MappingFindingKind,
} from '../../../../schema/definition/mappingAudit';
import { plural } from '../../terminal/phrases';
import { printable } from '../../terminal/printable';

/** Headings in the order in which findings come. */
export const auditHeadings: Readonly<Record<MappingFindingKind, string>> = {
  'set-aside': 'Records that the mapping refuses',
  renamed: 'Fields that are no longer there',
  missing: 'Fields that the definition reads and no record has',
  'other-type': 'Values of another type',
  'always-null': 'Columns that are always null',
  unmapped: 'Fields that nothing reads',
};

/** Whether it makes wrong or missing data, unlike what may be left as it is. */
export function isWrong({ about }: MappingFinding): boolean {
  return about === 'set-aside' || about === 'renamed';
}

/** The findings of an audit as a Markdown document: what was read, and a table for each kind. Names of fields are the source's, and are never markup. */
export function auditReport({ connectionId, entity, records, stored, findings }: MappingAuditResult, at: Date): string {
  const wrong = findings.filter(isWrong).length;
  const sections = Object.entries(auditHeadings).flatMap(([kind, heading]) => {
    const found = findings.filter(({ about }) => about === kind);
    if (found.length === 0) return [];
    const rows = found.map(
      ({ field, finding, records: count, ids, confirmed, line }) =>
        `| ${code(field === '' ? '(record)' : field)} | ${plain(finding)} | ${count} | ${ids.map(code).join(', ')} | ${confirmed ? 'both halves' : 'one half'} | ${line === null ? '' : code(line)} |`,
    );
    const head = [
      '| field | finding | records | such as | shown by | proposed line |',
      '| --- | --- | ---: | --- | --- | --- |',
    ];
    return [`## ${heading}`, '', ...head, ...rows, ''];
  });
  const verdict =
    findings.length === 0
      ? 'The definition reads every field, and every column has values.'
      : wrong === 0
        ? 'Nothing makes wrong data.'
        : `${plural(wrong, 'finding')} to correct in the definition: restart the workers, then \`tidemark remap ${connectionId} ${entity}\`.`;
  return [
    `# Audit of ${plain(connectionId)}/${plain(entity)}`,
    '',
    `${at.toISOString()}: ${plural(records, 'record')} read from the source, ${stored.toLocaleString('en')} stored ones compared with them. ` +
      'The sample was judged in two halves: what only one of them shows may be chance. Ids are shown, and no content of records.',
    '',
    verdict,
    '',
    ...sections,
  ].join('\n');
}

/** Text that a reader of Markdown shows as it is. */
function plain(text: string): string {
  return printable(text, false)
    .replace(/[\n\t]+/g, ' ')
    .replace(/[\\`*_{}[\]<>()#+!|&~]/g, (one) => `\\${one}`);
}

/** Text as code in a cell of a table: a fence longer than any run of backticks in it. */
function code(text: string): string {
  const shown = printable(text, false)
    .replace(/[\n\t]+/g, ' ')
    .replaceAll('|', '\\|');
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${shown}${fence}` : `${fence} ${shown} ${fence}`;
}
