import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Bench, Goal } from '../bench';
import { type Engine, forget } from '../engine';
import { inTurn, median, timed } from '../measure';
import { row, seconds, unmeasured } from '../row';

const run = promisify(execFile);
const script = join(__dirname, '..', '..', '..', 'bench', 'dlt', 'sync.py');

/** The best peer, dlt, beside a first sync: the same source, the same PostgreSQL. */
export const dlt: Goal = {
  numbers: [4],
  about: 'dlt next to a first sync',
  async measure(bench) {
    bench.say('installing dlt into a virtual environment');
    const python = await install(bench);
    if (typeof python !== 'string') {
      return [unmeasured(4, 'first sync against dlt', `not measured, dlt can't be installed: ${python.problem}`)];
    }
    const records = bench.quick ? 10_000 : 100_000;
    return bench.withEngine({ source: { records } }, async (engine) => {
      bench.say(`dlt and a first sync of ${records} records`);
      const peer = (kind: 'arrow' | 'default') => () => syncWithDlt(bench, engine, python, kind);
      const found = await inTurn(bench.quick ? 1 : 2, {
        ours: async () => {
          await forget(engine);
          return (await timed(() => engine.delta())).milliseconds;
        },
        arrow: peer('arrow'),
        plain: peer('default'),
      });
      const ours = median(found.ours);
      const compared = (what: string, theirs: number, atLeast: number) =>
        row(4, what, { ours: seconds(ours), reference: `dlt ${seconds(theirs)}`, ratio: theirs / ours }, { atLeast });
      return [
        compared(
          `first sync of ${records} records against dlt with Arrow tables, no index on its table`,
          median(found.arrow),
          3,
        ),
        compared('… against dlt as it is by default', median(found.plain), 8),
      ];
    });
  },
};

/** A Python with dlt, or why there is none. */
async function install({ servers }: Bench): Promise<string | { problem: string }> {
  const folder = join(servers.folder, 'venv');
  const python = join(folder, 'bin', 'python');
  try {
    await run('python3', ['-m', 'venv', folder]);
    await run(python, ['-m', 'pip', 'install', '--quiet', 'dlt[postgres]', 'pyarrow'], { timeout: 240_000 });
    return python;
  } catch (error) {
    return { problem: String(error).slice(0, 200) };
  }
}

let pipelines = 0;

/** The time of the pipeline alone: starting Python and loading dlt is not in it. */
async function syncWithDlt({ servers }: Bench, engine: Engine, python: string, kind: string): Promise<number> {
  pipelines += 1;
  const env = { PATH: process.env.PATH, HOME: servers.folder, RUNTIME__DLTHUB_TELEMETRY: 'false' };
  const args = [script, engine.source.ready.url, engine.databaseUrl, kind, `dlt_${pipelines}`, servers.folder];
  const { stdout } = await run(python, args, { env, timeout: 300_000 });
  const last = stdout.trim().split('\n').at(-1) ?? '';
  return (JSON.parse(last) as { seconds: number }).seconds * 1_000;
}
