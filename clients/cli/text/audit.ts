import type { MappingAuditResult, MappingFinding } from '../../../schema/definition/mappingAudit';
import type { audit } from '../../operations/audit';
import { exitStatus } from '../failure';
import { statusOfOutcomes } from '../runOperation';
import { plural } from '../terminal/phrases';
import type { Colours } from '../terminal/shell';
import { type Outcome, view } from '../view';
import { auditHeadings, auditReport, isWrong } from './parts/auditReport';
import { failureText } from './parts/runOutcome';
import { startedText } from './parts/started';

const audited = ({ state, result }: Outcome) =>
  state === 'done' ? (result as unknown as MappingAuditResult) : undefined;

export const views = {
  audit: view<typeof audit>({
    text: startedText('audit'),
    ended: ([one], { colours, input: { connection, entity } }) => {
      if (one === undefined) return '';
      const result = audited(one);
      return result === undefined
        ? `The audit of ${connection}/${entity} ${failureText(one)}`
        : auditText(colours, result);
    },
    report: ([one], at) => {
      const result = one && audited(one);
      return result && auditReport(result, at);
    },
    endedStatus: (outcomes) => {
      const results = outcomes.flatMap((one) => audited(one) ?? []);
      return results.some(({ findings }) => findings.some(isWrong)) ? exitStatus.failed : statusOfOutcomes(outcomes);
    },
  }),
};

/** The findings by kind, those that make wrong data first, each with ids and the line that follows. */
function auditText({ red, dim, bold }: Colours, result: MappingAuditResult): string {
  const { connectionId, entity, records, stored, findings } = result;
  const name = `${connectionId}/${entity}`;
  const read = `${plural(records, 'record')} of ${name} read from the source, ${stored.toLocaleString('en')} stored ones compared with them.`;
  if (findings.length === 0) return `${read}\nThe definition reads every field, and every column has values.`;
  const lines = Object.entries(auditHeadings).flatMap(([kind, heading]) => {
    const found = findings.filter(({ about }) => about === kind);
    if (found.length === 0) return [];
    return ['', bold(found.some(isWrong) ? red(heading) : heading), ...found.flatMap((one) => findingLines(one, dim))];
  });
  const wrong = findings.filter(isWrong).length;
  const next =
    wrong === 0
      ? 'Nothing makes wrong data. What the rows lack, a line of the definition adds.'
      : `${plural(wrong, 'finding')} to correct in the definition: restart the workers, then tidemark remap ${connectionId} ${entity}`;
  return [read, ...lines, '', next].join('\n');
}

function findingLines(
  { field, finding, records, ids, confirmed, line }: MappingFinding,
  dim: (text: string) => string,
): string[] {
  const shown = ids.length === 0 ? '' : `, such as ${ids.join(', ')}`;
  const half = confirmed ? '' : ' (in one half of the sample only)';
  return [
    `  ${field === '' ? '(record)' : field}: ${finding}${half}`,
    dim(`    ${plural(records, 'record')}${shown}`),
    ...(line === null ? [] : [`    ${line}`]),
  ];
}
