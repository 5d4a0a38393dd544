import type { ProbeFinding, ProbeResult } from '../../../schema/definition/checks';
import { type AddCommand, addCommand, perform } from '../command';
import { exitStatus } from '../failure';
import { follow } from '../terminal/follow';
import { plural } from '../terminal/phrases';
import { withSession } from '../terminal/session';
import type { Colours } from '../terminal/shell';

export const addProbe: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'probe <connection> <entity>',
    summary: 'ask the live API how it behaves, and compare that with the definition',
    details:
      'Filter, order, page cap, timestamps, ids, missing and deleted records, rate-limit headers, errors behind 200, and whether list ' +
      'and one agree: each finding with the request that shows it and the line of the definition that follows. At most 25 requests, ' +
      'sent by a worker; nothing is written. Exit status 1 when the definition contradicts what was seen.',
    examples: ['probe demo people', 'probe demo people --json'],
  }).action(
    perform(onEnd, (shell, _options: object, connectionId: string, entityName: string) =>
      withSession(shell, async (session) => {
        const { findTarget } = await import('../../operations/targets.js');
        await findTarget(session.db, await session.connectors(), connectionId, entityName);
        const { client } = await session.temporal();
        const { startProbe } = await import('../../checks.js');
        const name = `probe of ${connectionId}/${entityName}`;
        const handle = await startProbe({ client }, { connectionId, entity: entityName });
        const [end] = await follow(shell, client, [{ name, handle }]);
        if (end === undefined || 'error' in end) throw end?.error ?? new Error(`the ${name} was not followed`);
        shell.result(end.result, () => probeText(shell.colours, end.result));
        return contradictions(end.result).length > 0 ? exitStatus.failed : undefined;
      }),
    ),
  );
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
      : `The definition contradicts what was seen in ${plural(wrong, 'point')}: mend it, restart the worker, and probe again.`;
  return [...lines, '', `${plural(result.requests, 'request')}. ${end}`].join('\n');
}
