import { basename } from 'node:path';
import { TidemarkError } from '../../../schema/errors';
import type { OperationContext } from '../../operations/definition/context';
import { importFile } from '../../operations/imports';
import { type AddCommand, addCommand, perform } from '../command';
import type { ExitStatus } from '../failure';
import { performIn } from '../runOperation';
import { withSession } from '../terminal/session';
import type { Shell } from '../terminal/shell';

interface Options {
  readonly asOf?: string;
  readonly set: Readonly<Record<string, string>>;
  readonly dryRun?: boolean;
  readonly errors?: string;
  readonly wait: boolean;
}

/** Sends the file to the database first: a worker on any machine reads it from there. */
export const addImport: AddCommand = (program, onEnd) => {
  const { summary, details, examples, input, name } = importFile;
  addCommand(program, {
    usage: 'import <connection> <entity> <file>',
    summary,
    ...(details === undefined ? {} : { details }),
    examples: examples.map((example) => `${name} ${example}`),
  })
    .option('--as-of <instant>', input.asOf.describe)
    .option('--set <column=value>', `${input.set.describe}; may be repeated`, collected, {})
    .option('--dry-run', input.dryRun.describe)
    .option('--errors <file>', 'write the lines that could not be imported to this file, as CSV')
    .option('--wait', 'wait for the end (the default)', true)
    .option('--no-wait', 'only start it')
    .action(
      perform(onEnd, async (shell, options: Options, connection: string, entity: string, file: string) => {
        if (options.errors !== undefined && !options.wait)
          throw new TidemarkError(
            'Usage',
            'With --no-wait there are no errors to write yet: leave out --errors, and see `tidemark imports errors` later.',
          );
        const { openFile } = await import('../terminal/openFile.js');
        const opened = await openFile(file);
        return withSession(
          shell,
          async ({ context }) => {
            const asOf = options.asOf === undefined ? undefined : new Date(input.asOf.read(options.asOf) as string);
            const how = { connection, entity, asOf, set: options.set };
            const upload = await sent(context, how, { ...opened, name: basename(file) });
            const given = {
              ...{ connection, entity, upload, set: options.set, dryRun: options.dryRun === true },
              ...(asOf === undefined ? {} : { asOf: asOf.toISOString() }),
            };
            const status = await started(shell, context, given, options.wait);
            if (options.errors !== undefined) await writeErrors(shell, context, upload, options.errors);
            return status;
          },
          { needsTemporal: true },
        );
      }),
    );
};

function collected(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = text.indexOf('=');
  if (at > 0) return { ...before, [text.slice(0, at).trim()]: text.slice(at + 1) };
  throw new TidemarkError(
    'Usage',
    `--set takes a column and its value: --set store=Calicut, not ${JSON.stringify(text)}.`,
  );
}

interface How {
  readonly connection: string;
  readonly entity: string;
  readonly asOf: Date | undefined;
  readonly set: Readonly<Record<string, string>>;
}

/** Uploads the file, showing how much of it is stored. Returns the number of the upload. */
async function sent(
  context: OperationContext,
  how: How,
  { name, bytes, read }: { readonly name: string; readonly bytes: number; read(): AsyncIterable<Buffer> },
): Promise<string> {
  const [{ importable, uploadFile }, { wait }, { rateText }] = await Promise.all([
    import('../../operations/work/imports.js'),
    import('../terminal/progress.js'),
    import('../terminal/rate.js'),
  ]);
  // what is wrong with the command is said before a large file is sent
  await importable(context, how, how);
  const waiting = await wait(`sending ${name}`);
  const startedAt = Date.now();
  try {
    const { id } = await uploadFile(
      context,
      {
        ...{ connection: how.connection, entity: how.entity, name, expected: { bytes } },
        onBytes: (sentBytes) =>
          waiting.update(
            `sending ${name}, ${rateText({ done: sentBytes, of: bytes, rate: sentBytes / ((Date.now() - startedAt) / 1_000), unit: 'bytes' })}`,
          ),
      },
      read(),
    );
    return id;
  } finally {
    waiting.done();
  }
}

async function started(
  shell: Shell,
  context: OperationContext,
  given: Readonly<Record<string, unknown>> & { readonly upload: string },
  wait: boolean,
): Promise<ExitStatus | undefined> {
  try {
    return await performIn(shell, context, importFile, given, { reason: '', wait });
  } catch (error) {
    const { dropUpload } = await import('../../operations/work/imports.js');
    await dropUpload(context, given.upload);
    throw error;
  }
}

async function writeErrors(shell: Shell, context: OperationContext, upload: string, file: string): Promise<void> {
  const [{ showImportErrors }, { createWriteStream }, { csvLine }, { pipeline }] = await Promise.all([
    import('../../operations/work/imports.js'),
    import('node:fs'),
    import('../terminal/csvLine.js'),
    import('node:stream/promises'),
  ]);
  let count = 0;
  async function* lines(): AsyncGenerator<string> {
    yield csvLine(['line', 'reason', 'content']);
    for (let after = 0; ; ) {
      const { errors } = await showImportErrors(context, { import: upload, after, limit: 1_000 });
      for (const { line, problem, content } of errors) yield csvLine([String(line), problem, content]);
      count += errors.length;
      after = errors.at(-1)?.line ?? 0;
      if (errors.length < 1_000) return;
    }
  }
  await pipeline(lines(), createWriteStream(file));
  shell.say(`${count} ${count === 1 ? 'line' : 'lines'} that could not be imported: ${file}`);
}
