import { TidemarkError } from '../../../schema/errors';
import { connectionsRotateSecret } from '../../operations/connections';
import { type AddCommand, addCommand, perform } from '../command';
import { performIn } from '../runOperation';
import { withSession } from '../terminal/session';
import type { Shell } from '../terminal/shell';

interface Options {
  readonly reason: string;
  readonly stdin?: boolean;
  readonly dropFormer?: boolean;
}

/** Below `connections`: takes the value from where others cannot see it. */
export const addRotateSecret: AddCommand = (connections, onEnd) => {
  const { summary, details, examples, input, usualReason, name } = connectionsRotateSecret;
  addCommand(connections, {
    usage: 'rotate-secret <connection> <secret>',
    summary,
    details: [
      'The value is asked for on the terminal, or taken from TIDEMARK_SECRET_<NAME> or with --stdin from stdin; never from the command line.',
      details ?? '',
    ].join('\n'),
    examples: examples.map((example) => `${name} ${example}`),
  })
    .option('--stdin', 'read the value from stdin')
    .option('--drop-former', input.dropFormer.describe)
    .option('--reason <text>', 'why; kept in the audit', usualReason)
    .action(
      perform(onEnd, (shell, options: Options, connection: string, secret: string) =>
        withSession(shell, async ({ context }) => {
          const { ringOf } = await import('../../operations/work/ring.js');
          // without a key, nothing is asked for
          await ringOf(context);
          const value = await newValue(shell, secret, options);
          const given = { connection, secret, value, dropFormer: options.dropFormer === true };
          return performIn(shell, context, connectionsRotateSecret, given, { reason: options.reason, wait: false });
        }),
      ),
    );
};

/** undefined only where nothing but the former value is dropped. */
async function newValue(shell: Shell, secret: string, { stdin, dropFormer }: Options): Promise<string | undefined> {
  const { ask, readStdin, variableOf } = await import('../terminal/secretInput.js');
  const variable = variableOf(secret);
  const given = stdin ? (await readStdin()).replace(/\r?\n$/, '') : shell.env[variable];
  if (given) return given;
  if (dropFormer) return undefined;
  const answer = !stdin && process.stdin.isTTY ? await ask(`${secret}: `, true) : '';
  if (answer !== '') return answer;
  throw new TidemarkError(
    'Usage',
    `No value was given; nothing was changed. Type it on a terminal, set ${variable}, or give it with --stdin`,
  );
}
