import { inOrder } from './order';
import { createProgram, runCli as runHere } from './program';

/** Commands below another one, as people type them; none of this gets beyond the parser, so it runs in this process. */
const commands: readonly (readonly [string, readonly string[]])[] = [
  ['cursor', ['show', 'reset']],
  ['schedules', ['list', 'pause', 'resume', 'repair']],
  ['set-aside', ['list', 'show', 'retry', 'discard']],
  ['webhooks', ['list', 'replay']],
  ['runs', ['show']],
  ['connections', ['show', 'disable', 'enable', 'rotate-secret', 'reseal', 'remove']],
];

async function run(args: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    jest.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    }),
  );
  try {
    return { status: await runHere(args), ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

test.each([...commands.flatMap(([group, names]) => names.map((name) => [group, name])), ['forget']])(
  '%j --help shows an example and --json',
  async (...command) => {
    const { status, stdout } = await run([...command, '--help']);
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`Usage: tidemark ${command.join(' ')} \\[options\\]`));
    expect(stdout).toMatch(new RegExp(`Examples?:\n {2}\\$ tidemark ${command.join(' ')}`));
    expect(stdout).toContain('--json');
  },
);

test.each(commands)('%s --help lists what stands below it', async (group, names) => {
  const { status, stdout } = await run([group, '--help']);
  expect(status).toBe(0);
  for (const name of names) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  expect(stdout).toMatch(/Examples?:\n {2}\$ tidemark /);
});

test.each([
  [['cursor'], /Usage: tidemark cursor/],
  [['cursor', 'shwo', 'demo', 'people'], /unknown command 'shwo'\n\(Did you mean show\?\)/],
  [['cursor', 'reset', 'demo', 'people'], /required option '--reason <text>' not specified/],
  [['cursor', 'reset', 'demo', 'people', '--reason', 'x', '--to', 'yesterday'], /Write an instant with its zone/],
  [
    ['cursor', 'reset', 'demo', 'people', '--reason', 'x', '--to', '2026-01-01T00:00:00'],
    /Write an instant with its zone/,
  ],
  [['schedules', 'pause', 'demo'], /required option '--reason <text>'/],
  [['schedules', 'pause', 'demo', '--reason', 'x', '--strategy', 'deltas'], /must be one of delta, reconciliation/],
  [['set-aside', 'show', 'abc'], /It is a number, as the list shows it/],
  [['set-aside', 'list', '--because', 'bad'], /must be one of invalid, conflict, skipped, other-id/],
  [['set-aside', 'discard', '--reason', 'x'], /missing required argument 'entries'/],
  [['set-aside', 'list', '--after', 'x'], /It is a number, as the list shows it/],
  [['explain', 'demo', 'people', '1', '--wait', '46'], /whole number from 1 to 45/],
  [['set-aside', 'discard', '3'], /required option '--reason <text>'/],
  [['webhooks', 'replay', 'demo', 'x', '--reason', 'x'], /It is a number, as the list shows it/],
  [['webhooks', 'replay', '--reason', 'x'], /missing required argument 'connection'/],
  [['webhooks', 'list', '--limit', '0'], /whole number from 1 to 1000/],
  [['runs', 'show'], /missing required argument 'run'/],
  [['connections', 'rotate-secret', 'demo'], /missing required argument 'secret'/],
  [['forget', 'demo', 'people', '1'], /required option '--reason <text>'/],
])('%j is bad usage', async (args, message) => {
  const { status, stdout, stderr } = await run(args);
  expect(stderr).toMatch(message);
  expect(status).toBe(2);
  expect(stdout).toBe('');
});

test('--help lists every command in the order in which an operator needs them', async () => {
  const { stdout } = await run(['--help']);
  const listed = [...stdout.matchAll(/^ {2}([a-z-]+) .*/gm)].map(([, name = '']) => name);
  const names = createProgram(() => undefined).commands.map((one) => one.name());
  expect([...listed].sort()).toEqual([...names].sort());
  expect(listed.slice(0, 4)).toEqual(['init', 'up', 'demo', 'connect']);
  expect(listed.slice(-3)).toEqual(['migrate', 'worker', 'server']);
  // a command that the order does not have comes last
  expect(inOrder([...names, 'unheard-of'], (name) => name).at(-1)).toBe('unheard-of');
});
