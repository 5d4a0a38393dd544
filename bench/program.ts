import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A program of the benchmark in a process of its own, so that its cost is not in the figures of the others. */
export interface Program<Ready> {
  readonly ready: Ready;
  readonly pid: number;
  /** Asks the program one of its questions. */
  ask<T>(question: string, input?: unknown): Promise<T>;
  stop(): Promise<void>;
}

const running = new Set<{ stop(): Promise<void> }>();

/** Ends what a goal that failed has left running. */
export async function stopPrograms(): Promise<void> {
  await Promise.all([...running].map((program) => program.stop()));
}

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Starts `bench/<folder>/main` with its input, and resolves with what it says when it is ready. */
export async function startProgram<Ready>(
  folder: string,
  input: unknown,
  execArgv: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Program<Ready>> {
  const child = fork(join(__dirname, folder, 'main.js'), [JSON.stringify(input)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [...execArgv],
    env: { ...process.env, ...env },
  });
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let last = 0;
  const ended = once(child, 'exit').then(([code]) => {
    running.delete(program);
    for (const { reject } of waiting.values()) reject(new Error(`${folder} ended with status ${code}`));
    waiting.clear();
  });
  child.on('message', (reply: Reply) => {
    const asked = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.error === undefined) asked?.resolve(reply.result);
    else asked?.reject(new Error(`${folder}: ${reply.error}`));
  });
  const program = { stop: () => end(child, ended) };
  running.add(program);
  const ready = await expectReply<Ready>(waiting, 0);
  return {
    ...program,
    ready,
    pid: child.pid ?? 0,
    ask<T>(question: string, about?: unknown): Promise<T> {
      last += 1;
      const reply = expectReply<T>(waiting, last);
      child.send({ id: last, question, input: about });
      return reply;
    },
  };
}

function expectReply<T>(
  waiting: Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>,
  id: number,
): Promise<T> {
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
  });
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.connected) child.disconnect();
  const force = setTimeout(() => child.kill('SIGKILL'), 30_000);
  await ended;
  clearTimeout(force);
}

export type Answers = Readonly<Record<string, (input: never) => unknown>>;

/** What a program runs: `start` gets the input, and returns what the program says when it is ready and what it can be asked. */
export function runProgram<Input>(
  start: (input: Input) => Promise<{ ready: unknown; answers?: Answers; stop?: () => Promise<void> }>,
): void {
  const send = (reply: Reply) => process.send?.(reply);
  start(JSON.parse(process.argv[2] ?? '{}') as Input).then(
    ({ ready, answers = {}, stop }) => {
      process.on('message', ({ id, question, input }: { id: number; question: string; input: never }) => {
        const answer = answers[question];
        Promise.resolve()
          .then(() => answer?.(input))
          .then(
            (result) => send({ id, result }),
            (error: unknown) => send({ id, error: String(error) }),
          );
      });
      // whoever started us is gone, or wants us to end
      process.on('disconnect', () => {
        const leave = () => process.exit();
        (stop?.() ?? Promise.resolve()).then(leave, leave);
      });
      send({ id: 0, result: ready });
    },
    (error: unknown) => {
      send({ id: 0, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      process.disconnect();
    },
  );
}
