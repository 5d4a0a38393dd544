import { argument, field, optional, withDefault } from './definition/fields';
import { operation } from './definition/operation';
import { anyResult } from './definition/results';
import { started } from './definition/schemas';

/** Longest that a request can wait, in seconds; clients and proxies give up at a minute. */
const mostWaitSeconds = 45;

export const outcome = operation({
  name: 'outcome',
  effect: 'look',
  summary: 'show the outcome of something that was started',
  details: 'Waits for the end for at most --wait seconds, then shows `running`. Exit status 1 when it failed.',
  examples: ['tidemark/delta/demo/people', 'tidemark/delta/demo/people --wait 30 --json'],
  input: {
    workflowId: argument(
      field.text('the id of the workflow, as whatever started it returned it', {
        value: 'workflow',
        longest: 1_000,
        only: { pattern: /^tidemark\//, error: 'must be one that Tidemark returned' },
      }),
    ),
    workflowRunId: optional(
      field.text('one execution of it; without it the latest', {
        value: 'id',
        longest: 36,
        only: { pattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, error: 'must be a UUID' },
      }),
    ),
    wait: withDefault(field.integer('seconds', { min: 0, max: mostWaitSeconds }), 0),
  },
  result: (z) =>
    z.object({
      ...started(z),
      state: z.enum(['running', 'done', 'failed', 'cancelled', 'terminated', 'timed-out']),
      result: anyResult(z).nullable().describe('what it counted and found, once it is done'),
      error: z.object({ type: z.string(), message: z.string() }).nullable(),
    }),
  run: () => import('./work/runs/outcome.js').then(({ showOutcome }) => showOutcome),
});
