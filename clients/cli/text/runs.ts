import type { ResultOf } from '../../operations/definition/operation';
import type { runs, runsShow, undo } from '../../operations/runs';
import { countsText, plural, since } from '../terminal/phrases';
import { table } from '../terminal/table';
import { view } from '../view';
import { runText } from './parts/runText';

export const views = {
  runs: view<typeof runs>({
    text: ({ runs: found }, { colours }) => {
      if (found.length === 0) return "No runs yet: start one with 'tidemark sync <connection>'.";
      return table(
        colours,
        ['run', 'connection', 'entity', 'strategy', 'trigger', 'state', 'started', 'took', 'pages', 'result'],
        found.map((run) => [
          run.id,
          run.connectionId,
          run.entity,
          `${run.strategy}${run.full ? ' (full)' : ''}${run.dryRun ? ' (dry)' : ''}`,
          run.trigger,
          run.state,
          since(run.startedAt),
          run.endedAt ? `${((run.endedAt.getTime() - run.startedAt.getTime()) / 1000).toFixed(1)} s` : undefined,
          run.pages,
          resultText(run),
        ]),
      );
    },
  }),
  'runs show': view<typeof runsShow>({ text: (run) => runText(run) }),
  undo: view<typeof undo>({
    text: ({ runId, restored, removed, changedSince }) => {
      const since = changedSince > 0 ? `; ${plural(changedSince, 'row')} written since stay as they are` : '';
      const deleted = removed > 0 ? `, ${plural(removed, 'row')} deleted that it had inserted` : '';
      return `Run ${runId} undone: ${plural(restored, 'row')} as before${deleted}${since}.`;
    },
  }),
};

function resultText({
  waitingUntil,
  waitingReason,
  error,
  errorType,
  counts,
}: ResultOf<typeof runs>['runs'][number]): string {
  if (waitingUntil !== null) return firstLine(`waits until ${waitingUntil.toISOString()}: ${waitingReason}`);
  return error === null ? countsText(counts) : `${errorType}: ${firstLine(error)}`;
}

function firstLine(text: string): string {
  const [line = ''] = text.split('\n');
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
