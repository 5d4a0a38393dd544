import { readStatus } from '../../../operations/work/status';
import type { ExitStatus } from '../../failure';
import { coloursFor, type Shell } from '../../terminal/shell';
import { stopSignal } from '../../terminal/signals';
import { reportText } from '../../text/parts/outcomes';
import { bringUp, type Up } from './bringUp';
import { firstSync } from './firstSync';
import { addressesOf, screen } from './screen';
import { watchRuns } from './watchRuns';

/** Starts everything and keeps it running until SIGINT or SIGTERM. */
export async function up(shell: Shell, options: UpCommandOptions): Promise<ExitStatus | undefined> {
  const colours = coloursFor(process.stderr, shell.env);
  const say = (line: string) => shell.say(colours.dim(line));
  const over = new AbortController();
  void stopSignal().then((signal) => over.abort(signal));
  const running = await bringUp({
    folder: shell.cwd,
    env: shell.env,
    configFile: shell.configFile,
    demo: options.demo ? { people: options.demoPeople, delta: options.demoDelta } : undefined,
    onProgress: say,
  });
  try {
    if (!over.signal.aborted) await untilStopped(shell, running, over.signal);
  } finally {
    say('Stopping …');
    // after an error no signal comes: to wait for one here would end the process without the error
    await running.stop();
  }
  return undefined;
}

async function untilStopped(shell: Shell, running: Up, over: AbortSignal): Promise<void> {
  const { db, config, client } = running;
  const synced = await firstSync(shell, running, over);
  if (over.aborted) return;
  for (const report of synced) shell.say(reportText(report));
  const status = await readStatus(db, config.connectors, client);
  shell.result({ addresses: addressesOf(running), firstSync: synced, status }, () =>
    screen(shell.colours, running, status, shell.cwd),
  );
  await watchRuns(db, coloursFor(process.stderr, shell.env), shell.say, over);
}

export interface UpCommandOptions {
  readonly demo: boolean;
  readonly demoPeople: number;
  readonly demoDelta: string;
}
