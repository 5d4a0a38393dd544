import { TidemarkError } from '../../../schema/errors';
import type { Agreed } from '../../schedules/agree';
import { agreeWithDatabase } from '../../schedules/agreeWithDatabase';
import type { OperationContext } from '../definition/context';

/** Whether Temporal's schedules follow what was just changed in the database. */
export interface AgreedOrLater {
  /** null: Temporal cannot be reached or refuses; they follow when a server starts, or after 'tidemark schedules repair' */
  readonly agreed: Agreed | null;
  readonly delayedBecause: string | null;
}

/** Makes Temporal's schedules agree with the database. Where Temporal cannot be reached or refuses, the change in the database stays. */
export async function agreeOrLater(context: Agreeing): Promise<AgreedOrLater> {
  try {
    return { agreed: await agree(context), delayedBecause: null };
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    return { agreed: null, delayedBecause: error.message };
  }
}

/** Makes them agree now. Throws TidemarkError 'TemporalUnavailable'. */
export async function agree({ db, client, connectors, taskQueue }: Agreeing): Promise<Agreed> {
  return agreeWithDatabase(db, await client(), await connectors(), { taskQueue });
}

type Agreeing = Pick<OperationContext, 'db' | 'client' | 'connectors' | 'taskQueue'>;
