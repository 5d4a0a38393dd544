import Table from 'cli-table3';
import type { Row } from './row';

const head = ['goal', 'what', 'ours', 'reference', 'ratio', 'limit', 'met'];

function cells({ goal, what, ours, reference, ratio, limit, met }: Row): string[] {
  return [String(goal), what, ours, reference, ratio === null ? '' : String(ratio), limit, met ? 'yes' : 'no'];
}

/** For the terminal. */
export function table(rows: readonly Row[]): string {
  const printed = new Table({ head, style: { head: [], border: [] }, colWidths: [null, 56], wordWrap: true });
  for (const row of rows) printed.push(cells(row));
  return printed.toString();
}

/** The same for a document. */
export function markdown(rows: readonly Row[]): string {
  const lines = [head, head.map(() => '---'), ...rows.map(cells)];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}
