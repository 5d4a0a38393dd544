import type { ProbeFinding, ProbeResult, RecordDifference, VerifyResult } from '../../../schema/definition/checks';
import type { probe, verify } from '../../operations/checks';
import { exitStatus } from '../failure';
import { statusOfOutcomes } from '../runOperation';
import { plural } from '../terminal/phrases';
import type { Colours } from '../terminal/shell';
import { type Outcome, view } from '../view';
import { coverageText } from './parts/coverageText';
import { failureText } from './parts/runOutcome';
import { startedText } from './parts/started';

type Verified = VerifyResult & { readonly differingAtMost: number | null };

const verified = ({ state, result }: Outcome) => (state === 'done' ? (result as unknown as Verified) : undefined);

const probed = ({ state, result }: Outcome) => (state === 'done' ? (result as unknown as ProbeResult) : undefined);

export const views = {
  verify: view<typeof verify>({
    text: startedText('comparison'),
    ended: ([one], { input: { connection, entity } }) => {
      if (one === undefined) return '';
      const result = verified(one);
      return result === undefined
        ? `The comparison of ${connection}/${entity} ${failureText(one)}`
        : verifyText(result);
    },
    endedStatus: (outcomes) =>
      outcomes.some((one) => (verified(one)?.differing ?? 0) > 0) ? exitStatus.failed : statusOfOutcomes(outcomes),
  }),
  probe: view<typeof probe>({
    text: startedText('probe'),
    ended: ([one], { colours, input: { connection, entity } }) => {
      if (one === undefined) return '';
      const result = probed(one);
      return result === undefined
        ? `The probe of ${connection}/${entity} ${failureText(one)}`
        : probeText(colours, result);
    },
    endedStatus: (outcomes) => {
      const results = outcomes.flatMap((one) => probed(one) ?? []);
      return results.some((one) => contradictions(one).length > 0) ? exitStatus.failed : statusOfOutcomes(outcomes);
    },
  }),
};

const words: Readonly<Record<RecordDifference['found'], string>> = {
  differs: 'differs in',
  missing: 'is not in the table',
  deleted: 'is deleted in the table, but live at the source',
  gone: 'is live in the table, but gone at the source',
  skipped: 'is live in the table, but the mapping leaves its record out',
  excluded: 'is live in the table, but a row of another table excludes it',
};

function verifyText(result: Verified): string {
  const { connectionId, entity, differences, differing, pending, unclear, askedAgain, uncertainEnds = 0 } = result;
  const lines = differences.map(
    (one) => `  ${one.id} ${words[one.found]}${one.found === 'differs' ? ` ${one.columns.join(', ')}` : ''}`,
  );
  const more = differing - differences.length;
  const [first] = differences;
  const covered = coverageText(result.coverage);
  return [
    verdict(result),
    ...(covered === '' ? [] : [`  compared ${covered}`]),
    ...lines,
    ...(more > 0 ? [`  and ${more.toLocaleString('en')} more`] : []),
    ...(pending > 0
      ? [`${plural(pending, 'record')} changed at the source after the cursor: the next delta brings them.`]
      : []),
    ...(unclear > 0
      ? [`${plural(unclear, 'record')} could not be compared: set aside, or not answered clearly by the source.`]
      : []),
    ...(uncertainEnds > 0
      ? [
          `Nothing showed that the list had ended where its pages stopped; what may follow was not compared: tidemark probe ${connectionId} ${entity}`,
        ]
      : []),
    ...(askedAgain > 0 ? [`${plural(askedAgain, 'difference')} checked a second time after the read lag.`] : []),
    ...(first ? [`Next: tidemark explain ${connectionId} ${entity} ${first.id}`] : []),
  ].join('\n');
}

function verdict({ all, compared, differing, liveRows, differingAtMost, uncertainEnds = 0 }: Verified): string {
  if (compared === 0) return 'Nothing was compared: there are no live rows.';
  const found = `${differing.toLocaleString('en')} of ${compared.toLocaleString('en')} differ`;
  if (all) return uncertainEnds > 0 ? `${found}: everything that was listed.` : `${found}: everything was compared.`;
  if (compared >= liveRows) return `${found}: that is every live row. Only --all finds what the table lacks.`;
  if (differing >= compared) return `${found}. Only --all finds what the table lacks.`;
  return `${found}: with 95 % confidence fewer than ${percent(differingAtMost ?? 1)} of the ${liveRows.toLocaleString('en')} live rows do. Only --all finds what the table lacks.`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.001 ? 3 : 1)} %`;
}

function contradictions({ findings }: ProbeResult): ProbeFinding[] {
  return findings.filter(({ verdict }) => verdict === 'contradicts');
}

function probeText({ red, green, yellow, dim }: Colours, result: ProbeResult): string {
  const marks = { agrees: green('ok   '), contradicts: red('wrong'), unknown: yellow('?    ') };
  const lines = result.findings.flatMap(({ about, verdict, finding, request, line }) => [
    `${marks[verdict]}  ${about.padEnd(10)}  ${finding}`,
    ...(request === null ? [] : [dim(`${' '.repeat(19)}${request}`)]),
    ...(line === null ? [] : [`${' '.repeat(19)}${line}`]),
  ]);
  const wrong = contradictions(result).length;
  const end =
    wrong === 0
      ? 'The definition agrees with what was seen.'
      : `The definition contradicts what was seen in ${plural(wrong, 'point')}: fix it, restart the worker, and probe again.`;
  return [...lines, '', `${plural(result.requests, 'request')}. ${end}`].join('\n');
}
