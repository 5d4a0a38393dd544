import { argument, field } from './definition/fields';
import { operation } from './definition/operation';
import { instant, target } from './definition/schemas';

/** What operators do about a source that said wait. */

export const resume = operation({
  name: 'resume',
  effect: 'change',
  path: '/connections/{connection}/resume',
  summary: 'end the wait that a source asked for: deferred runs go on now',
  details:
    "For a source that works again before its wait is over, for instance after its owner has raised a quota. 'status' shows which response " +
    'said wait, and until when. A source that says wait again is obeyed again.',
  examples: ['demo --reason "the vendor has raised our quota"'],
  input: { connection: argument(field.name('the name of a connection')) },
  result: (z) =>
    z.object({
      connectionId: z.string(),
      wait: z
        .object({ until: instant(z), because: z.string().describe('which response said wait') })
        .nullable()
        .describe('the wait that was ended; null: the source had asked for none'),
      runs: z
        .array(
          z.object({
            runId: z.string(),
            ...target(z),
            until: instant(z),
            reason: z.string(),
          }),
        )
        .describe('runs that waited'),
      resumed: z.int().min(0).describe('activities in Temporal that waited and go on now, also those of no run'),
    }),
  run: () => import('./work/waits.js').then(({ resumeConnection }) => resumeConnection),
});

export const cancel = operation({
  name: 'cancel',
  effect: 'change',
  path: '/runs/{run}/cancel',
  summary: 'end a run, so that another can start at once',
  details:
    'What the run has written stays, the cursor does not move, and the next run continues. Works for a run that waits, and while no worker runs.',
  examples: ['17 --reason "started by mistake"'],
  input: { run: argument(field.number('the number of a run')) },
  result: (z) =>
    z.object({
      runId: z.string(),
      ...target(z),
      strategy: z.enum(['delta', 'reconciliation', 'backfill', 'remap', 'import']),
      status: z.string().describe('`cancelled`'),
    }),
  run: () => import('./work/waits.js').then(({ cancelRun }) => cancelRun),
});
