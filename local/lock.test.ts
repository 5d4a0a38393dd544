import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LockHeld, takeLock } from './lock';
import { birthOf, ownIdentity } from './processes';

let folder: string;
let contenders: ChildProcessWithoutNullStreams[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-lock-'));
});

afterEach(() => {
  for (const contender of contenders) contender.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function leave(number: number, content: unknown): void {
  writeFileSync(join(folder, `${number}.json`), JSON.stringify(content));
}

describe('the lock of a folder', () => {
  test('is refused, with the pid of its holder, while that lives', () => {
    takeLock(folder);
    expect(() => takeLock(folder)).toThrow(LockHeld);
    expect(() => takeLock(folder)).toThrow(String(process.pid));
  });

  test('can be taken again after it was released', () => {
    takeLock(folder).release();
    const second = takeLock(folder);
    expect(() => takeLock(folder)).toThrow(LockHeld);
    second.release();
  });

  test('is taken over from a process that was killed', async () => {
    const holder = spawn('sleep', ['60']);
    const pid = holder.pid ?? 0;
    leave(4, { pid, born: birthOf(pid) });
    expect(() => takeLock(folder)).toThrow(LockHeld);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    takeLock(folder);
    expect(readdirSync(folder)).toEqual(['5.json']);
  });

  test('is taken over when the pid of the killed process belongs to another one by now', () => {
    leave(1, { pid: process.pid, born: 'long ago' });
    takeLock(folder);
    expect(() => takeLock(folder)).toThrow(LockHeld);
  });

  test('goes to exactly one of many processes that find the same stale lock', async () => {
    leave(1, { pid: process.pid, born: 'long ago' });
    const program = `
      const { takeLock } = require('jiti').createJiti(process.argv[1])('./lock.ts');
      process.stdin.once('data', () => {
        try { takeLock(process.argv[2]); console.log('held'); } catch (error) { console.log(error.type); }
      });
      console.log('ready');
    `;
    contenders = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['-e', program, __filename, folder], { cwd: __dirname }),
    );
    const says = async (index: number) =>
      String((await once(contenders[index]?.stdout ?? process.stdin, 'data'))[0]).trim();
    expect(await Promise.all(contenders.map((_, index) => says(index)))).toEqual(contenders.map(() => 'ready'));
    const answers = Promise.all(contenders.map((_, index) => says(index)));
    for (const contender of contenders) contender.stdin.write('go');
    expect((await answers).sort()).toEqual(['AlreadyRunning', 'AlreadyRunning', 'AlreadyRunning', 'held']);
  });

  test('names this process so that it is recognised', () => {
    expect(ownIdentity()).toEqual({ pid: process.pid, born: birthOf(process.pid) });
  });

  test('says which file is damaged', () => {
    writeFileSync(join(folder, '1.json'), '{');
    expect(() => takeLock(folder)).toThrow(/1\.json is damaged.*remove it/);
  });
});
