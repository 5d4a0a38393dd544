import type { Ui } from '../../view';

/** What `--no-wait` shows of one workflow that was started. */
export function startedText(what: string) {
  return (
    { workflowId }: { readonly workflowId: string },
    { input: { connection, entity } }: Ui<{ readonly connection: string; readonly entity: string }>,
  ): string => `The ${what} of ${connection}/${entity} was started.\nNext: tidemark outcome ${workflowId} --wait 30`;
}
