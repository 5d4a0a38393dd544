/** Called after all tests and hooks of a test file; throws to fail the file. */
export type EndTask = (outcome: { readonly failed: boolean }) => Promise<void>;

/** Where test code leaves its tasks and the Jest environment, which lives outside of the tests' sandbox, finds them. */
export interface EndTaskHolder {
  tidemarkEndTasks?: EndTask[];
}

const holder: typeof globalThis & EndTaskHolder = globalThis;

/**
 * Has something done when the whole test file is over, after every `afterAll` wherever it stands (Jest runs those in the
 * order of definition, so one of ours would come before the test's own), last registered first.
 */
export function atEnd(task: EndTask): void {
  holder.tidemarkEndTasks ??= [];
  holder.tidemarkEndTasks.push(task);
}
