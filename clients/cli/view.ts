import type { InputOf } from '../operations/definition/fields';
import type { AnyOperation, ResultOf } from '../operations/definition/operation';
import type { outcome } from '../operations/outcome';
import type { ExitStatus } from './failure';
import type { Colours } from './terminal/shell';

export type Outcome = ResultOf<typeof outcome>;

/** What a renderer works with. */
export interface Ui<Input = unknown> {
  readonly colours: Colours;
  readonly input: Input;
  /** Performs another operation with the same connections, for text that needs more than the result. */
  ask<O extends AnyOperation>(operation: O, input: InputOf<O['input']>): Promise<ResultOf<O>>;
}

/** An operation on the terminal: what it returned as text, and the exit status that goes with it. */
export interface View<O extends AnyOperation> {
  text(result: ResultOf<O>, ui: Ui<InputOf<O['input']>>): string | Promise<string>;
  /** where it is not 0 for everything that was done */
  status?(result: ResultOf<O>): ExitStatus;
  /** of what a `start` started, when all of it has ended */
  ended?(outcomes: readonly Outcome[], ui: Ui<InputOf<O['input']>>, result: ResultOf<O>): string | Promise<string>;
  endedStatus?(outcomes: readonly Outcome[], result: ResultOf<O>): ExitStatus;
  /** … as Markdown, for an operation that has a report; undefined where nothing came of it */
  report?(outcomes: readonly Outcome[], at: Date): string | undefined;
}

/** A view whose types are forgotten, as it is looked up by name. */
export interface AnyView {
  text(result: unknown, ui: Ui): string | Promise<string>;
  status?(result: unknown): ExitStatus;
  ended?(outcomes: readonly Outcome[], ui: Ui, result: unknown): string | Promise<string>;
  endedStatus?(outcomes: readonly Outcome[], result: unknown): ExitStatus;
  report?(outcomes: readonly Outcome[], at: Date): string | undefined;
}

/** Checks a view against the operation that it shows; the operation itself is not loaded. */
export function view<O extends AnyOperation>(one: View<O>): AnyView {
  return one as AnyView;
}

/** The file of an operation, in `operations/` and in `text/`, where it is not the first word of its name. */
const files: Readonly<Record<string, string>> = {
  ...{ verify: 'checks', probe: 'checks', approve: 'plans', reject: 'plans', undo: 'runs', record: 'records' },
  import: 'imports',
  ...{ reconcile: 'sync', backfill: 'sync', remap: 'sync', resume: 'waits', cancel: 'waits', 'set-aside': 'setAside' },
};

/**
 * The view of an operation: `views[name]` of the file in `text/` that has the name of the operation's own. It is loaded when it is needed, since
 * it loads the tables and time units that `--help` does without.
 */
export async function viewOf({ name }: Pick<AnyOperation, 'name'>): Promise<AnyView> {
  const [family = ''] = name.split(' ');
  const file = files[family] ?? family;
  const { views } = (await import(`./text/${file}.js`)) as { readonly views: Readonly<Record<string, AnyView>> };
  const found = views[name];
  if (found === undefined) throw new Error(`clients/cli/text/${file}.ts has no view of '${name}'`);
  return found;
}
