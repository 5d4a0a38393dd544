import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../../../schema/errors';
import { remoteFailure } from '../../../temporal/remoteFailure';
import { type ExitStatus, exitStatus } from '../../failure';
import { plural } from '../../terminal/phrases';
import { coloursFor, print, type Shell } from '../../terminal/shell';
import { stopSignal } from '../../terminal/signals';
import { bringUp, type Up, type UpOptions } from '../up/bringUp';
import { type Finding, perform, type Step, type StepReport } from './steps';

/** What a proof runs on. */
export interface Proof {
  readonly up: Up;
  /** aborted by Ctrl-C */
  readonly over: AbortSignal;
}

/** Brings everything up in a temporary folder, proves something there, and removes everything again. */
export async function inTemporaryFolder(
  shell: Shell,
  demo: UpOptions['demo'],
  prove: (proof: Proof) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  const { dim } = coloursFor(process.stderr, shell.env);
  const say = (line: string) => shell.say(dim(line));
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-demo-'));
  // As root, PostgreSQL runs as another user, who has to pass through.
  chmodSync(folder, 0o711);
  const over = new AbortController();
  void stopSignal().then(() => over.abort());
  let up: Up | undefined;
  try {
    up = await bringUp({ folder, env: ownEnvironment(shell.env), configFile: undefined, demo, onProgress: say });
    return await prove({ up, over: over.signal });
  } finally {
    say('Stopping, and removing everything …');
    await up?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Nothing that runs already is used: neither servers nor keys nor ports. */
function ownEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = /^(DATABASE_URL|TEMPORAL_.*|OAUTH_ENCRYPTION_KEY|TIDEMARK_.*|PORT|HOST)$/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreign.test(name)));
}

/**
 * Does the steps in order and shows each. A step that cannot be done is shown with its error, and is the last: the others build on it.
 * `figures`: what was measured, asked for at the end.
 */
export async function proveSteps(
  shell: Shell,
  over: AbortSignal,
  steps: readonly Step[],
  { begun, figures = () => ({}) }: { readonly begun: number; readonly figures?: () => Finding },
): Promise<ExitStatus> {
  const { green, red, dim } = shell.colours;
  const reports: StepReport[] = [];
  for (const step of steps) {
    if (over.aborted) break;
    const report = await perform(step).catch((error: unknown) => undone(step, error));
    reports.push(report);
    const mark = report.ok ? green('ok  ') : red('WRONG');
    const lines = `${mark} ${report.name}\n     ${dim('expected')} ${text(report.expected)}\n     ${dim('found   ')} ${text(report.found)}`;
    if (!shell.json)
      print(process.stdout, `${lines}${report.milliseconds > 5 ? dim(`  after ${report.milliseconds} ms`) : ''}\n`);
    if ('error' in report.found) break;
  }
  const ok = reports.length === steps.length && reports.every((report) => report.ok);
  const seconds = (Date.now() - begun) / 1000;
  const measured = figures();
  const shown = Object.keys(measured).length === 0 ? '' : `Figures: ${text(measured)}\n`;
  shell.result({ ok, seconds, steps: reports, figures: measured }, () =>
    ok
      ? `${shown}${green('Proved')} in ${seconds.toFixed(1)} s. Next: tidemark up`
      : `${shown}${red(over.aborted ? 'Interrupted.' : failedText(reports, steps.length))}`,
  );
  return ok ? exitStatus.done : exitStatus.failed;
}

/** The report of a step that could not be done. */
function undone({ name }: Step, error: unknown): StepReport {
  return {
    name,
    ok: false,
    expected: {},
    found: { error: remoteFailure(error)?.message ?? messageOf(error) },
    milliseconds: 0,
  };
}

function failedText(reports: readonly StepReport[], steps: number): string {
  const wrong = reports.filter(({ ok }) => !ok).map(({ name }) => name);
  const untried = steps - reports.length;
  const rest = untried === 0 ? '' : ` Not tried: ${plural(untried, 'further step')}.`;
  return `Not proved: ${wrong.join('; ')}.${rest}`;
}

function text(finding: Finding): string {
  return Object.entries(finding)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
