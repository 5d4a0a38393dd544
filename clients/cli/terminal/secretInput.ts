import { z } from 'zod';
import { TidemarkError } from '../../../schema/errors';
import { meantOrKnown } from '../../../schema/text/nearest';

/** A secret as the connector declares it. */
export interface DeclaredSecret {
  readonly name: string;
  readonly optional: boolean;
}

/** Secrets by name, as given so far. */
export type GivenSecrets = Record<string, string>;

/** The connector's secrets, in the order of their declaration. */
export function declaredSecrets(secrets: z.ZodObject): DeclaredSecret[] {
  return Object.entries(secrets.shape).map(([name, schema]) => ({
    name,
    optional: (schema as z.ZodType).safeParse(undefined).success,
  }));
}

/** The variable that a secret is taken from: `appId` is TIDEMARK_SECRET_APP_ID. */
export function variableOf(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/[^A-Za-z0-9]+/g, '_');
  return `TIDEMARK_SECRET_${words.toUpperCase()}`;
}

/** Those that the environment gives; an empty variable counts as unset. */
export function secretsFromEnvironment(declared: readonly DeclaredSecret[], env: NodeJS.ProcessEnv): GivenSecrets {
  return Object.fromEntries(
    declared.flatMap(({ name }) => {
      const value = env[variableOf(name)];
      return value ? [[name, value]] : [];
    }),
  );
}

/**
 * Reads secrets from a text: a JSON object of strings, or lines `NAME=value` (blank lines and lines that begin with # don't
 * count; names may also be written as the environment's variables). Throws TidemarkError 'Usage', which never repeats a value.
 */
export function parseSecrets(text: string, declared: readonly DeclaredSecret[]): GivenSecrets {
  const given = text.trimStart().startsWith('{') ? fromJson(text) : fromLines(text);
  const names = declared.map(({ name }) => name);
  const found: GivenSecrets = {};
  for (const [written, value] of Object.entries(given)) {
    const name = names.find((one) => one === written || variableOf(one) === written);
    if (name === undefined) {
      const known = meantOrKnown(written, names, 'The connector has');
      throw new TidemarkError('Usage', `There is no secret ${JSON.stringify(written)}. ${known}`);
    }
    found[name] = value;
  }
  return found;
}

function fromJson(text: string): GivenSecrets {
  const mistake = (what: string) =>
    new TidemarkError('Usage', `The secrets on stdin ${what}: write {"name": "value"} or lines of name=value`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // the error itself would repeat a part of the text
    throw mistake('are not valid JSON');
  }
  const checked = z.record(z.string(), z.string()).safeParse(parsed);
  if (!checked.success) {
    throw mistake(
      `must all be strings (${checked.error.issues.map(({ path }) => path.join('.') || 'all').join(', ')})`,
    );
  }
  return checked.data;
}

function fromLines(text: string): GivenSecrets {
  const found: GivenSecrets = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const at = line.indexOf('=');
    if (at < 1) {
      throw new TidemarkError('Usage', `Line ${index + 1} of the secrets on stdin is not name=value`);
    }
    found[line.slice(0, at).trim()] = line.slice(at + 1);
  }
  return found;
}

export interface AskOptions {
  readonly declared: readonly DeclaredSecret[];
  /** given already: not asked for */
  readonly given: GivenSecrets;
  /** the names of those that are kept when the answer is empty */
  readonly kept: readonly string[];
}

/** Asks on the terminal, without showing what is typed, for what was not given. */
export async function askSecrets({ declared, given, kept }: AskOptions): Promise<GivenSecrets> {
  const answers: GivenSecrets = { ...given };
  for (const { name, optional } of declared) {
    if (given[name] !== undefined) continue;
    const empty = kept.includes(name) ? ' (Enter keeps the present one)' : optional ? ' (optional)' : '';
    const answer = await ask(`${name}${empty}: `, true);
    if (answer !== '') answers[name] = answer;
  }
  return answers;
}

/** One line from the terminal; prompts go to stderr, since stdout is for results. */
export async function ask(prompt: string, hidden: boolean): Promise<string> {
  const { read } = await import('read');
  try {
    return await read({ prompt, silent: hidden, ...(hidden ? { replace: '*' } : {}), output: process.stderr });
  } catch (error) {
    // Ctrl-C
    if (error instanceof Error && error.message === 'canceled') {
      throw new TidemarkError('Usage', 'Cancelled; nothing was changed', { cause: error });
    }
    throw error;
  }
}

/** All of stdin. */
export async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
