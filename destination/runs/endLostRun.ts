import type { Knex } from 'knex';
import type { ErrorType } from '../../schema/errors';
import { type EndStatus, endRun, type Run } from './runs';

/**
 * Ends a run whose workflow is over without having recorded it, as `status`: what Temporal says of the workflow. The next run
 * of this connection, entity and strategy can then begin.
 */
export function endLostRun(db: Knex, run: Run, status: EndStatus): Promise<Run> {
  return endRun(db, run.id, {
    status,
    errorType: 'Lost' satisfies ErrorType,
    error: `Workflow ${run.workflowId} ended (${status}) without recording its run. Rows that were written stay, the cursor did not move; the next run continues.`,
  });
}
