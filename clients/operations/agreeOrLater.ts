import { TidemarkError } from '../../schema/errors';
import type { Agreed } from '../schedules/agree';
import { agreeWithDatabase } from '../schedules/agreeWithDatabase';
import type { TemporalContext } from './context';

/** Whether Temporal's schedules follow what was just changed in the database. */
export interface AgreedOrLater {
  /** null: Temporal is away or refuses, and they follow when a server starts, or with 'tidemark schedules repair' */
  readonly agreed: Agreed | null;
  readonly delayedBecause: string | null;
}

/** Makes Temporal's schedules agree with the database; a Temporal that is away, or refuses, does not undo what was changed there. */
export async function agreeOrLater({ db, client, connectors, taskQueue }: TemporalContext): Promise<AgreedOrLater> {
  try {
    return { agreed: await agreeWithDatabase(db, client, connectors, { taskQueue }), delayedBecause: null };
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    return { agreed: null, delayedBecause: error.message };
  }
}
