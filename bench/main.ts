import { writeFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import yoctoSpinner from 'yocto-spinner';
import { type Bench, createBench, type Goal } from './bench';
import { goals } from './goals';
import { stopPrograms } from './program';
import { type Row, unmeasured } from './row';
import { startServers } from './servers';
import { markdown, table } from './table';

interface Options {
  readonly only?: readonly number[];
  readonly json?: boolean;
  readonly quick?: boolean;
  readonly write?: boolean;
}

const numbers = (list: string): number[] => list.split(',').map(Number);

const program = new Command('bench')
  .description('Measures the engine against what PostgreSQL, the source and Temporal themselves allow.')
  .option('--only <goals>', 'only these goals, such as 1,3', numbers)
  .option('--json', 'print the rows as JSON')
  .option('--quick', 'small sizes: whether it works, not how fast it is')
  .option('--write', 'keep the table in bench/RESULTS.md')
  .action(run);

async function run(options: Options): Promise<void> {
  const spinner = yoctoSpinner({ stream: process.stderr });
  const began = new Date();
  const rows: Row[] = [];
  spinner.start('starting PostgreSQL and Temporal');
  const servers = await startServers((sentence) => {
    spinner.text = sentence;
  });
  const bench = await createBench(servers, {
    quick: options.quick ?? false,
    wants: (goal) => wanted([goal], options),
    say: (sentence) => {
      spinner.text = sentence;
    },
  });
  try {
    for (const goal of goals.filter(({ numbers: all }) => wanted(all, options))) {
      spinner.text = goal.about;
      rows.push(...(await measured(goal, bench)).filter((row) => wanted([row.goal], options)));
    }
  } finally {
    spinner.stop();
    await bench.close();
    await servers.stop();
  }
  rows.sort((a, b) => a.goal - b.goal);
  process.stdout.write(`${options.json ? JSON.stringify(rows, undefined, 2) : table(rows)}\n`);
  if (options.write) {
    const file = join(__dirname, '..', '..', 'bench', 'RESULTS.md');
    writeFileSync(file, results(rows, began));
    process.stderr.write(`written to ${file}\n`);
  }
}

function wanted(these: readonly number[], { only }: Options): boolean {
  return only === undefined || these.some((number) => only.includes(number));
}

/** One goal that can't be measured must not take the others with it. */
async function measured(goal: Goal, bench: Bench): Promise<Row[]> {
  try {
    return await goal.measure(bench);
  } catch (error) {
    process.stderr.write(`${goal.about}: ${error instanceof Error ? error.stack : String(error)}\n`);
    return goal.numbers.map((number) => unmeasured(number, goal.about, `could not be measured: ${String(error)}`));
  } finally {
    await stopPrograms();
  }
}

function results(rows: readonly Row[], began: Date): string {
  const processors = cpus();
  const minutes = ((Date.now() - began.getTime()) / 60_000).toFixed(0);
  return `# Results

Command: \`npm run bench -- ${process.argv.slice(2).join(' ')}\`, ${began.toISOString().slice(0, 16)}Z, ${minutes} minutes.
Machine: ${processors.length} cores (${processors[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB, ${type()} ${release()},
Node ${process.version}; source, engine, PostgreSQL and Temporal share it. What was tried, and why what is missed is missed: NOTES.md.

${markdown(rows)}
`;
}

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
