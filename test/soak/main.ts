import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { findTemporal } from '../../local/temporal/temporal';
import { markdown, passed, withReport } from './report';
import { soak } from './soak';

const usage = `Kills and breaks everything under load, and checks what is left.

  npm run soak -- [options]

  --minutes N    how long things are broken, default 20
  --seed N       of everything that happens by chance, default from the clock
  --json         the report as JSON
  --report FILE  writes the report between the markers <!-- soak:begin --> and <!-- soak:end --> of a document
`;

const say = (sentence: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${sentence}\n`);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '20' },
      seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
      json: { type: 'boolean', default: false },
      report: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const minutes = positive('minutes', values.minutes);
  const seed = positive('seed', values.seed);
  // Never the server that the developer's shell points at.
  const found = await findTemporal({ env: { ...process.env, TEMPORAL_ADDRESS: undefined }, onProgress: say });
  if (found.kind !== 'binary') throw new Error(`expected a Temporal program, found a server at ${found.address}`);
  const report = await soak({
    ...{ seconds: minutes * 60, seed, people: 20_000, donations: 5_000, generated: 3 },
    ...{ changesPerSecond: 8, burstEvery: 20 },
    ...{ deltaEvery: 15, reconciliationEvery: 60, pause: 14, longestFault: 8, patience: 600 },
    temporalBinary: found.path,
    onProgress: say,
  });
  const block = markdown(report, {
    command: `npm run soak -- --minutes ${minutes} --seed ${seed}`,
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}, commit ${commit()}`,
  });
  process.stdout.write(values.json ? `${JSON.stringify(report, undefined, 2)}\n` : `${block}\n`);
  if (values.report !== undefined) {
    writeFileSync(values.report, withReport(readFileSync(values.report, 'utf8'), block));
  }
  return passed(report) ? 0 : 1;
}

function commit(): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, not '${text}'`);
  return value;
}

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
