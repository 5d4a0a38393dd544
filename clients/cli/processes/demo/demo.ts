import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ExitStatus, exitStatus } from '../../failure';
import { coloursFor, print, type Shell } from '../../terminal/shell';
import { stopSignal } from '../../terminal/signals';
import { bringUp, type Up } from '../up/bringUp';
import { firstSync } from '../up/firstSync';
import { sourceAt } from './simulator';
import { type Finding, perform, proof, type StepReport } from './steps';

/** Enough for several pages, few enough for the source's documented rate limit. */
const people = 450;

/** The proof, on a machine where nothing runs yet; everything it makes is removed again. */
export async function demo(shell: Shell): Promise<ExitStatus> {
  const { dim } = coloursFor(process.stderr, shell.env);
  const say = (line: string) => shell.say(dim(line));
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-demo-'));
  // As root, PostgreSQL runs as another user, who has to pass through.
  chmodSync(folder, 0o711);
  const over = new AbortController();
  void stopSignal().then(() => over.abort());
  let up: Up | undefined;
  try {
    up = await bringUp({
      folder,
      env: ownEnvironment(shell.env),
      configFile: undefined,
      // so rarely that the deltas of the proof are its own
      demo: { people, delta: '12h' },
      onProgress: say,
    });
    return await prove(shell, up, over.signal);
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

async function prove(shell: Shell, up: Up, over: AbortSignal): Promise<ExitStatus> {
  const { green, red, dim } = shell.colours;
  const begun = Date.now();
  if (up.demo === undefined) throw new Error('the demo was not set up');
  await firstSync(shell, up, over);
  const reports: StepReport[] = [];
  for (const step of proof(up, sourceAt(up.demo.simulatorUrl), up.demo.connectionId)) {
    if (over.aborted) break;
    const report = await perform(step);
    reports.push(report);
    const mark = report.ok ? green('ok  ') : red('WRONG');
    const lines = `${mark} ${report.name}\n     ${dim('expected')} ${text(report.expected)}\n     ${dim('in the table')} ${text(report.found)}`;
    if (!shell.json)
      print(process.stdout, `${lines}${report.milliseconds > 5 ? dim(`  after ${report.milliseconds} ms`) : ''}\n`);
  }
  const ok = !over.aborted && reports.every((report) => report.ok);
  const seconds = (Date.now() - begun) / 1000;
  shell.result({ ok, seconds, steps: reports }, () =>
    ok
      ? `${green('Proved')} in ${seconds.toFixed(1)} s. Next: tidemark up`
      : red(over.aborted ? 'Interrupted.' : 'The table is not what it has to be.'),
  );
  return ok ? exitStatus.done : exitStatus.failed;
}

function text(finding: Finding): string {
  return Object.entries(finding)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
