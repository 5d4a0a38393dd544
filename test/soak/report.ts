import type { Damage } from './chaos';
import type { Check } from './checks';

/** What a soak did, and what it found. */
export interface SoakReport {
  readonly seed: number;
  readonly brokenForSeconds: number;
  /** with starting and settling */
  readonly seconds: number;
  readonly kills: Damage['kills'];
  readonly faults: Damage['faults'];
  /** connections that felt the faults */
  readonly brokenConnections: number;
  /** at the source */
  readonly changes: number;
  readonly bursts: { readonly webhooks: number; readonly deletions: number };
  /** that workers sent to the source */
  readonly requests: number;
  readonly webhooks: {
    readonly deliveries: number;
    readonly refused: number;
    readonly acknowledged: number;
    readonly found: number;
    readonly inbox: number;
  };
  /** rows compared with the source, by entity */
  readonly rows: Readonly<Record<string, number>>;
  /** rows that were soft-deleted */
  readonly deletions: number;
  /** by strategy, status and type of error */
  readonly runs: Readonly<Record<string, number>>;
  readonly checks: readonly Check[];
}

export function passed({ checks }: SoakReport): boolean {
  return checks.every(({ contradictions }) => contradictions.length === 0);
}

const shownContradictions = 20;

/** The report as a block of Markdown, which is readable as text too. */
export function markdown(
  report: SoakReport,
  { command, machine, date }: Readonly<Record<'command' | 'machine' | 'date', string>>,
): string {
  const { webhooks } = report;
  const kills = Object.entries(report.kills);
  const rows = Object.entries(report.rows);
  return [
    `\`${command}\`, seed ${report.seed}, ${date}, ${machine}: broken for ${minutes(report.brokenForSeconds)} of ${minutes(report.seconds)} minutes.`,
    '',
    '| What was done | |',
    '| --- | ---: |',
    ...kills.map(([victim, count]) => `| \`kill -9\` survived: ${victim} | ${count} |`),
    ...Object.entries(report.faults).map(([link, kinds]) => `| connection broken: ${link} | ${list(kinds)} |`),
    `| connections that felt it | ${report.brokenConnections} |`,
    `| changes at the source | ${report.changes} |`,
    `| bursts of webhooks, silent mass deletions | ${report.bursts.webhooks}, ${report.bursts.deletions} |`,
    `| requests to the source | ${report.requests} |`,
    ...Object.entries(report.runs).map(([outcome, count]) => `| runs: ${outcome} | ${count} |`),
    '',
    '| What came out | |',
    '| --- | ---: |',
    `| webhook deliveries; refused while the server or PostgreSQL was away | ${webhooks.deliveries}; ${webhooks.refused} |`,
    `| webhooks acknowledged; found in the inbox, done by an answer asked for later | ${webhooks.acknowledged}; ${webhooks.found} |`,
    ...rows.map(([entity, count]) => `| rows compared: ${entity} | ${count} |`),
    `| rows soft-deleted on the way | ${report.deletions} |`,
    ...report.checks.map(
      ({ name, contradictions }) =>
        `| ${name} | ${contradictions.length === 0 ? 'yes' : `**no: ${contradictions.length}**`} |`,
    ),
    ...report.checks.flatMap(({ name, contradictions }) =>
      contradictions.length === 0
        ? []
        : [
            '',
            `Contradictions to "${name}":`,
            '',
            ...contradictions.slice(0, shownContradictions).map((one) => `- ${one}`),
          ],
    ),
  ].join('\n');
}

function minutes(seconds: number): string {
  return (seconds / 60).toFixed(1);
}

function list(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

const begin = '<!-- soak:begin -->';
const end = '<!-- soak:end -->';

/** Puts the block between the markers of a document. Throws where it has none. */
export function withReport(document: string, block: string): string {
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the document has no ${begin} … ${end} to put the report between`);
  return `${document.slice(0, from + begin.length)}\n${block}\n${document.slice(to)}`;
}
