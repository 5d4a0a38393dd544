import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenIn, endOrphans, openLedger } from './ledger';
import { openLog } from './logs';
import { birthOf, isAlive, type ProcessIdentity } from './processes';
import { type ChildOptions, type SupervisedChild, supervise, untilReady } from './supervise';

let folder: string;
let started: SupervisedChild[];
let parents: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-supervise-'));
  started = [];
  parents = [];
});

afterEach(async () => {
  await Promise.all(started.map((child) => child.stop()));
  for (const parent of parents) parent.kill('SIGKILL');
  await endOrphans(join(folder, 'processes.json'));
  rmSync(folder, { recursive: true, force: true });
});

function shell(script: string, options: Partial<ChildOptions> = {}): SupervisedChild {
  const child = supervise({
    name: 'child',
    command: 'sh',
    args: ['-c', script],
    env: { PATH: process.env.PATH },
    logFile: join(folder, 'child.log'),
    ...options,
  });
  started.push(child);
  return child;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

function identityOf(pid: number | undefined): ProcessIdentity {
  const born = pid === undefined ? undefined : birthOf(pid);
  if (pid === undefined || born === undefined) throw new Error(`no process ${pid}`);
  return { pid, born };
}

const log = () => readFileSync(join(folder, 'child.log'), 'utf8');

describe('a supervised child', () => {
  test('is started again when it is killed, and told of', async () => {
    const told: string[] = [];
    const child = shell('echo begun; exec sleep 60', { onProgress: (sentence) => told.push(sentence) });
    await until(() => log().includes('begun'));
    const first = identityOf(child.pid);
    process.kill(first.pid, 'SIGKILL');
    await until(() => log() === 'begun\nbegun\n');
    expect(isAlive(first)).toBe(false);
    expect(child.restarts).toBe(1);
    expect(told).toEqual(['child ended unexpectedly (SIGKILL); starting it again']);
  });

  test('ends cleanly when it is stopped, and stays ended', async () => {
    const child = shell(`trap 'echo clean; exit 0' TERM; echo begun; while :; do sleep 0.05; done`);
    await until(() => log().includes('begun'));
    const first = identityOf(child.pid);
    await child.stop();
    expect(log()).toBe('begun\nclean\n');
    expect(isAlive(first)).toBe(false);
    expect(child.pid).toBeUndefined();
    expect(child.restarts).toBe(0);
  });

  test('is killed with all that it started when it does not end in time', async () => {
    const child = shell(`trap '' TERM; sleep 61 & echo $!; wait; sleep 62`, { stopLimitMs: 100 });
    await until(() => /\d+\n/.test(log()));
    const [parent, grandchild] = [identityOf(child.pid), identityOf(Number(log()))];
    await child.stop();
    await until(() => !isAlive(grandchild));
    expect(isAlive(parent)).toBe(false);
  });

  test('can be stopped while it waits to be started again', async () => {
    const child = shell('exit 3');
    await until(() => child.restarts >= 3);
    await child.stop();
    const { restarts } = child;
    await sleep(300);
    expect(child.restarts).toBe(restarts);
  });

  test('that never comes up is reported with the end of its log', async () => {
    const child = shell('echo the disk is full >&2; exit 1');
    const ready = untilReady(child, () => Promise.reject(new Error('not yet')), { deaths: 2 });
    await expect(ready).rejects.toThrow(/child did not start: it died 2 times.*child\.log:\n.*the disk is full/s);
  });

  test('whose program is missing is reported too', async () => {
    const child = shell('', { command: join(folder, 'nothing') });
    const ready = untilReady(child, () => Promise.reject(new Error('not yet')), { deaths: 1 });
    await expect(ready).rejects.toMatchObject({ type: 'EmbeddedUnavailable' });
  });
});

test('a log is cut when it is large, and the older text is kept beside it', () => {
  const path = join(folder, 'large.log');
  const file = openLog(path, 100);
  try {
    spawnEcho(file.fd, 'x'.repeat(150));
    file.rotateIfLarge();
    spawnEcho(file.fd, 'next');
    expect(readFileSync(path, 'utf8')).toBe('next\n');
    expect(readFileSync(`${path}.1`, 'utf8')).toBe(`${'x'.repeat(150)}\n`);
    expect(file.tail(1)).toBe('next');
  } finally {
    file.close();
  }
});

function spawnEcho(fd: number, text: string): void {
  spawnSync('echo', [text], { stdio: ['ignore', fd, 'ignore'] });
}

describe('children of a process that was killed', () => {
  const program = `
    const jiti = require('jiti').createJiti(process.argv[1]);
    const { openLedger } = jiti('./ledger.ts');
    const { startReaper } = jiti('./reaper.ts');
    const { supervise } = jiti('./supervise.ts');
    const folder = process.argv[2];
    const ledger = openLedger(folder + '/processes.json');
    const common = { stopLimitMs: 300, env: { PATH: process.env.PATH }, logFile: folder + '/child.log', watcher: ledger };
    supervise({ ...common, name: 'polite', command: 'sleep', args: ['63'] });
    supervise({ ...common, name: 'stubborn', command: 'sh', args: ['-c', 'trap "" TERM INT; while :; do sleep 0.1; done'] });
    if (process.argv[3] === 'reaper') startReaper(ledger, folder + '/reaper.log');
    console.log('ready');
  `;

  async function killedParent(mode: 'reaper' | 'alone'): Promise<ProcessIdentity[]> {
    const parent = spawn(process.execPath, ['-e', program, __filename, folder, mode], { cwd: __dirname });
    parents.push(parent);
    await once(parent.stdout, 'data');
    const children = childrenIn(join(folder, 'processes.json'));
    expect(children.map(({ name }) => name)).toEqual(['polite', 'stubborn']);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    return children;
  }

  test('are ended by its reaper', async () => {
    const children = await killedParent('reaper');
    await until(() => !children.some(isAlive));
  });

  test('are ended by the next start where the reaper was killed too', async () => {
    const children = await killedParent('alone');
    expect(children.every(isAlive)).toBe(true);
    await endOrphans(join(folder, 'processes.json'));
    expect(children.some(isAlive)).toBe(false);
  });

  test('are left alone when the pid belongs to somebody else by now, or when their owner lives', async () => {
    const stranger = spawn('sleep', ['64']);
    const pid = stranger.pid ?? 0;
    const ledger = openLedger(join(folder, 'processes.json'));
    ledger.born({ name: 'ours', ...identityOf(pid), stopSignal: 'SIGTERM', stopLimitMs: 100 });
    await endOrphans(ledger.file);
    expect(isAlive(identityOf(pid))).toBe(true);

    const text = readFileSync(ledger.file, 'utf8').replaceAll(/"born": ".*"/g, '"born": "long ago"');
    writeFileSync(ledger.file, text);
    await endOrphans(ledger.file);
    expect(isAlive(identityOf(pid))).toBe(true);
    stranger.kill('SIGKILL');
    await once(stranger, 'exit');
  });
});
