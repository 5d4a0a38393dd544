import type { Knex } from 'knex';
import { TidemarkError } from '../../schema/errors';

/** See PartName. */
interface NamedPart {
  readonly runId: string;
  readonly step: string;
  readonly partition: string;
}

/** After so many attempts in a row that ended without a word, the run gives up. */
const triesAtMost = 5;

/** Attempts at a part, this one included, since it last advanced or ended with an error; of its row in tidemark.run_parts. */
export interface Tries {
  readonly tries: number;
  /** of the first of them */
  readonly triesSince: Date;
  readonly done: boolean;
}

/** Throws WorkerLost when the attempts before this one all lost their worker: this one would lose it as well. */
export function assertWorkersSurvive({ runId, step, partition }: NamedPart, { tries, triesSince, done }: Tries): void {
  if (done || tries <= triesAtMost) return;
  const part = partition === '' ? step : `${step} of ${partition}`;
  throw new TidemarkError(
    'WorkerLost',
    `Run ${runId}, ${part}: ${tries - 1} attempts in a row lost their worker at the same page, the first at ` +
      `${triesSince.toISOString()}. This run gives up; the next one tries again. Look at how the workers ended (exit code 137: ` +
      'out of memory), give them more memory, or declare a smaller `pageSize`',
  );
}

/** An attempt that ends with an error has not lost its worker: the count begins again. */
export async function endAttempt(
  db: Knex,
  { runId, step, partition, fence }: NamedPart & { readonly fence: number },
): Promise<void> {
  await db.raw(
    `update tidemark.run_parts set tries = 0, tries_since = null
     where run_id = ? and step = ? and partition = ? and fence = ?`,
    [runId, step, partition, fence],
  );
}
