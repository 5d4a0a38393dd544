import Table from 'cli-table3';
import type { Colours } from './shell';

const noLines = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((part) => [part, '']),
);

export type Cell = string | number | null | undefined;

/** Rows under headings, aligned, without lines, so that it can be read and cut alike; numbers to the right. */
export function table(colours: Colours, headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const numeric = headings.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  const lines = new Table({
    chars: { ...noLines, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    head: headings.map((heading) => colours.dim(heading)),
    colAligns: numeric.map((right) => (right ? 'right' : 'left')),
  });
  for (const row of rows) lines.push(row.map((cell) => (cell === null || cell === undefined ? '-' : String(cell))));
  return lines
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
