import { TidemarkError } from '../../schema/errors';
import type { By, OperationContext } from '../operations/definition/context';
import type { AnyOperation } from '../operations/definition/operation';
import { type ExitStatus, exitStatus } from './failure';
import { actor } from './terminal/actor';
import { withSession } from './terminal/session';
import type { Shell } from './terminal/shell';
import type { Outcome, Ui } from './view';
import { viewOf } from './view';

export interface OperationOptions {
  readonly reason: string;
  /** of what is started: wait for the end, and show the outcome */
  readonly wait: boolean;
  /** the file for its report, of an operation that has one */
  readonly report?: string;
}

/**
 * Performs an operation with what the command line gave, and shows what it returned: as text, or with --json as HTTP does. A mistake in
 * what was given is reported before a database is needed.
 */
export async function runOperation(
  shell: Shell,
  operation: AnyOperation,
  given: Readonly<Record<string, unknown>>,
  options: OperationOptions,
): Promise<ExitStatus | undefined> {
  const request = await checkedRequest(operation, given, options.reason);
  if (options.report !== undefined) await checkReport(options.report, options.wait);
  return withSession(shell, ({ context }) => performChecked(shell, context, operation, request, options), {
    needsTemporal: operation.effect === 'start',
  });
}

/** The same with a context that is open. */
export async function performIn(
  shell: Shell,
  context: OperationContext,
  operation: AnyOperation,
  given: Readonly<Record<string, unknown>>,
  options: OperationOptions,
): Promise<ExitStatus | undefined> {
  return performChecked(shell, context, operation, await checkedRequest(operation, given, options.reason), options);
}

/** What is asked of an operation, and by whom. */
interface Request {
  readonly input: unknown;
  readonly by: By;
}

async function checkedRequest(
  operation: AnyOperation,
  given: Readonly<Record<string, unknown>>,
  reason: string,
): Promise<Request> {
  return { input: await checked(operation, given), by: await checkedBy(operation, reason) };
}

async function performChecked(
  shell: Shell,
  context: OperationContext,
  operation: AnyOperation,
  { input, by }: Request,
  { wait, report }: Pick<OperationOptions, 'wait' | 'report'>,
): Promise<ExitStatus | undefined> {
  const { perform, toJson } = await import('../operations/definition/operation.js');
  const result = await perform(operation, context, input, by);
  const view = await viewOf(operation);
  const ui: Ui = {
    colours: shell.colours,
    input,
    ask: async (other, otherInput) =>
      (await perform(other as unknown as AnyOperation, context, otherInput, by)) as never,
  };
  if (operation.effect === 'start' && wait) {
    const outcomes = await outcomesOf(shell, context, result);
    const { outcome } = await import('../operations/outcome.js');
    const ended = await Promise.all(outcomes.map((one) => toJson(outcome, one)));
    if (report !== undefined) await writeReport(shell, report, view.report?.(outcomes, new Date()));
    const text = view.ended ? await view.ended(outcomes, ui, result) : '';
    const rest = (await toJson(operation, result)) as Readonly<Record<string, unknown>>;
    shell.result('started' in rest ? { ...rest, outcomes: ended } : ended[0], () => text);
    return view.endedStatus?.(outcomes, result) ?? statusOfOutcomes(outcomes);
  }
  const document = shell.json ? await toJson(operation, result) : undefined;
  const text = shell.json ? '' : await view.text(result, ui);
  shell.result(document, () => text);
  return view.status?.(result);
}

/** Before anything is started. Throws TidemarkError 'Usage' where the report could not be written. */
async function checkReport(file: string, wait: boolean): Promise<void> {
  if (!wait) throw new TidemarkError('Usage', 'With --no-wait there is nothing to report yet: leave out --report.');
  const [{ access, constants }, { dirname, resolve }] = await Promise.all([
    import('node:fs/promises'),
    import('node:path'),
  ]);
  const folder = dirname(resolve(file));
  await access(folder, constants.W_OK).catch(() => {
    throw new TidemarkError('Usage', `--report ${file}: the folder ${folder} is not there, or cannot be written to.`);
  });
}

async function writeReport(shell: Shell, file: string, text: string | undefined): Promise<void> {
  if (text === undefined) {
    shell.say(`Nothing to report: ${file} was not written.`);
    return;
  }
  const { writeFile } = await import('node:fs/promises');
  await writeFile(file, text).catch((error: unknown) => {
    throw new TidemarkError('Usage', `--report ${file}: ${error instanceof Error ? error.message : String(error)}`);
  });
  shell.say(`Report: ${file}`);
}

/** The worst of several: failed, else busy or waiting for approval, else done. */
export function statusOfOutcomes(outcomes: readonly Outcome[]): ExitStatus {
  const statuses = outcomes.map(statusOfOutcome);
  if (statuses.includes(exitStatus.failed)) return exitStatus.failed;
  return statuses.includes(exitStatus.busy) ? exitStatus.busy : exitStatus.done;
}

function statusOfOutcome({ state, result }: Outcome): ExitStatus {
  // its source said wait, and the command did not
  if (state === 'running') return exitStatus.busy;
  if (state !== 'done') return exitStatus.failed;
  const how = result !== null && 'outcome' in result ? result.outcome : undefined;
  if (how === 'waiting' || how === 'already-running') return exitStatus.busy;
  return how === 'disabled' || how === 'needs-credentials' ? exitStatus.failed : exitStatus.done;
}

async function checked({ input }: AnyOperation, given: Readonly<Record<string, unknown>>): Promise<unknown> {
  const { schemaOf } = await import('../operations/definition/operation.js');
  return parsed(await schemaOf(input, 'json'), withoutAbsent(given));
}

async function checkedBy({ audited }: AnyOperation, reason: string): Promise<By> {
  if (!audited) return { actor: actor(), reason: '' };
  const { bySchema } = await import('../operations/definition/operation.js');
  await parsed(await bySchema(), { reason });
  return { actor: actor(), reason };
}

async function parsed(
  schema: { safeParse(value: unknown): { success: boolean; data?: unknown; error?: unknown } },
  value: unknown,
): Promise<unknown> {
  const [{ mistakes }, { WrongInput }] = await Promise.all([
    import('../../schema/definition/definition.js'),
    import('../operations/definition/context.js'),
  ]);
  const found = schema.safeParse(value);
  if (found.success) return found.data;
  throw new WrongInput(
    'The command is wrong; nothing was done',
    mistakes('', found.error as Parameters<typeof mistakes>[1]),
  );
}

function withoutAbsent(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

interface Handle {
  readonly workflowId: string;
  readonly workflowRunId: string;
  readonly connectionId?: string;
  readonly entity?: string;
}

/** Waits for everything that was started, showing how far it is. */
async function outcomesOf(shell: Shell, context: OperationContext, result: unknown): Promise<Outcome[]> {
  const { started } = result as { readonly started?: readonly Handle[] };
  const handles = started ?? [result as Handle];
  const client = await context.client();
  const { follow } = await import('./terminal/follow.js');
  const followed = handles.map(({ workflowId, workflowRunId }) => ({
    name: workflowId.replace(/^tidemark\//, ''),
    handle: client.workflow.getHandle(workflowId, workflowRunId),
  }));
  let waitMs = 30_000;
  const onDeferred = (waits: readonly string[]) => {
    waitMs = 0;
    for (const one of waits) shell.say(one);
    shell.say(
      "No longer waiting; what was started goes on by itself then. If the source works again: 'tidemark resume <connection>'.",
    );
  };
  if (followed.length > 0) await follow(shell, client, followed, undefined, onDeferred);
  const { readOutcome } = await import('../operations/work/runs/outcome.js');
  return Promise.all(handles.map((handle) => readOutcome(client, handle, waitMs) as Promise<Outcome>));
}
