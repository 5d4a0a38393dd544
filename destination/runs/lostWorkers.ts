import type { Knex } from 'knex';
import { TidemarkError } from '../../schema/errors';

/** See PartName. */
interface NamedPart {
  readonly runId: string;
  readonly step: string;
  readonly partition: string;
}

/** After this many attempts in a row that ended without an error, the work is given up. */
const triesAtMost = 5;

/** Throws WorkerLost for an attempt, the `tries`th in a row, before which all others lost their worker. `what` names the work. */
export function assertAttemptsSurvive(what: string, { tries, triesSince }: Omit<Tries, 'done'>, advice: string): void {
  if (tries <= triesAtMost) return;
  throw new TidemarkError(
    'WorkerLost',
    `${what}: ${tries - 1} attempts in a row lost their worker, the first at ${triesSince.toISOString()}. ` +
      `It gives up; the next one tries again. Look at how the workers ended (exit code 137: out of memory), give them more memory${advice}`,
  );
}

/** Attempts at a part, this one included, since it last advanced or ended with an error; of its row in tidemark.run_parts. */
export interface Tries {
  readonly tries: number;
  /** of the first of them */
  readonly triesSince: Date;
  readonly done: boolean;
}

/** Throws WorkerLost when the attempts before this one all lost their worker: this one would lose it as well. */
export function assertWorkersSurvive({ runId, step, partition }: NamedPart, { tries, triesSince, done }: Tries): void {
  if (done) return;
  const part = partition === '' ? step : `${step} of ${partition}`;
  assertAttemptsSurvive(
    `Run ${runId}, ${part}, at the same page`,
    { tries, triesSince },
    ', or declare a smaller `pageSize`',
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
