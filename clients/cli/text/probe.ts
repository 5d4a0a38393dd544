import type { ProbeFinding, ProbeResult } from '../../../schema/definition/checks';
import type { probe } from '../../operations/checks';
import { exitStatus } from '../failure';
import { statusOfOutcomes } from '../runOperation';
import { plural } from '../terminal/phrases';
import type { Colours } from '../terminal/shell';
import { type Outcome, view } from '../view';
import { failureText } from './parts/runOutcome';
import { startedText } from './parts/started';

const probed = ({ state, result }: Outcome) => (state === 'done' ? (result as unknown as ProbeResult) : undefined);

export const views = {
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
