import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import { listRuns, type Run } from '../../../../destination/runs/runs';
import { messageOf } from '../../../../schema/errors';
import { countsText } from '../../terminal/phrases';
import type { Colours } from '../../terminal/shell';

const lookEveryMs = 1_000;

/** of the newest: enough unless hundreds begin while one runs, and then nobody reads the lines */
const limit = 200;

/** Says a line for every run that ends, until the signal. */
export async function watchRuns(
  db: Knex,
  colours: Colours,
  say: (line: string) => void,
  over: AbortSignal,
): Promise<void> {
  let reported: ReadonlySet<string> | undefined;
  let away = false;
  while (!over.aborted) {
    try {
      const ended = (await listRuns(db, { limit })).filter((run) => run.endedAt !== null);
      if (reported !== undefined)
        for (const run of ended.reverse()) if (!reported.has(run.id)) say(lineOf(colours, run));
      reported = new Set(ended.map(({ id }) => id));
      away = false;
    } catch (error) {
      // PostgreSQL is being started again, for instance
      if (!away) say(colours.yellow(messageOf(error).split('\n')[0] ?? ''));
      away = true;
    }
    await pause(over);
  }
}

async function pause(over: AbortSignal): Promise<void> {
  try {
    await sleep(lookEveryMs, undefined, { signal: over });
  } catch (error) {
    if (!over.aborted) throw error;
  }
}

function lineOf(colours: Colours, run: Run): string {
  const time = (run.endedAt ?? new Date()).toTimeString().slice(0, 8);
  const name = `${run.strategy} ${run.connectionId}/${run.entity}`;
  if (run.status === 'succeeded') return colours.dim(`${time}  ${name}: ${countsText(run.counts)}`);
  const why = run.error === null ? '' : `: ${run.errorType}: ${run.error}`;
  return colours.yellow(`${time}  ${name} ${run.status}${why}`);
}
