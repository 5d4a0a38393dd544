import { createColors } from 'picocolors';
import { printable, printableJson } from './printable';

/** What a command sees of the terminal it was started from. */
export interface Shell {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** one JSON document on stdout, everything else on stderr */
  readonly json: boolean;
  /** the value of --config */
  readonly configFile: string | undefined;
  readonly colours: Colours;
  /** The command's result: shown as JSON with --json, else as the text. Called once. */
  result(document: unknown, text: () => string): void;
  /** Something said beside the result; on stderr. */
  say(line: string): void;
}

export type Colours = Pick<ReturnType<typeof createColors>, 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan'>;

/** Colours only where someone looks at them: not into a pipe, not with NO_COLOR (https://no-color.org). */
export function coloursFor(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Colours {
  return createColors(isColoured(stream, env));
}

function isColoured(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): boolean {
  const wanted = env.FORCE_COLOR ? env.FORCE_COLOR !== '0' : stream.isTTY === true && env.TERM !== 'dumb';
  return wanted && !env.NO_COLOR;
}

/** Writes text of any origin to stdout or stderr: the one way from the CLI to a terminal. */
export function print(stream: NodeJS.WriteStream, text: string): void {
  stream.write(printable(text, isColoured(stream, process.env)));
}

/** Writes one JSON document to stdout. */
export function printJson(document: unknown): void {
  process.stdout.write(`${printableJson(document)}\n`);
}

export function createShell(options: { readonly json?: boolean; readonly config?: string }): Shell {
  const json = options.json === true;
  return {
    cwd: process.cwd(),
    env: process.env,
    json,
    configFile: options.config,
    colours: coloursFor(process.stdout, process.env),
    result(document, text) {
      if (json) printJson(document);
      else print(process.stdout, withNewline(text()));
    },
    say(line) {
      print(process.stderr, `${line}\n`);
    },
  };
}

function withNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
