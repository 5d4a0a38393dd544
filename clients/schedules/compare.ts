import { type Client, ScheduleNotFoundError } from '@temporalio/client';
import { taskQueue as defaultTaskQueue } from '../../schema/workflows';
import { mapLimited } from '../mapLimited';
import { temporalError } from '../temporal/temporal';
import { type AgreeOptions, agrees, assertAnswers, listSchedules, optionsOf } from './agree';
import type { DesiredSchedule } from './desired';

/** `missing`: not in Temporal. `differs`: changed by hand there, or not yet changed. `orphan`: nothing wants it any more. */
export type Agreement = 'agrees' | 'missing' | 'differs' | 'orphan';

export interface ComparedSchedule {
  readonly id: string;
  /** undefined for an orphan */
  readonly desired: DesiredSchedule | undefined;
  readonly agreement: Agreement;
  /** as Temporal has it */
  readonly paused: boolean;
  readonly next: Date | null;
}

/** How Temporal's schedules differ from what is desired; changes nothing. Throws TidemarkError 'TemporalUnavailable'. */
export async function compareSchedules(
  client: Client,
  desired: readonly DesiredSchedule[],
  { taskQueue = defaultTaskQueue, concurrency = 32 }: AgreeOptions = {},
): Promise<ComparedSchedule[]> {
  try {
    await assertAnswers(client);
    const listed = await listSchedules(client);
    const wanted = new Set(desired.map(({ id }) => id));
    const compared = await mapLimited(desired, concurrency, async (one): Promise<ComparedSchedule> => {
      const options = await optionsOf(client, one, taskQueue);
      const found = listed.get(one.id);
      if (found && agrees(options, found)) return { id: one.id, desired: one, agreement: 'agrees', ...timesOf(found) };
      // the list is late by seconds: what looks wrong there is looked up
      const state = await stateOf(client, one.id);
      const agreement = state === undefined ? 'missing' : agrees(options, state) ? 'agrees' : 'differs';
      return { id: one.id, desired: one, agreement, paused: state?.paused ?? false, next: state?.next ?? null };
    });
    const orphans = [...listed].filter(([id]) => !wanted.has(id));
    const left = await mapLimited(orphans, concurrency, async ([id]) => ({ id, state: await stateOf(client, id) }));
    return [
      ...compared,
      ...left.flatMap(({ id, state }): ComparedSchedule[] =>
        state === undefined ? [] : [{ id, desired: undefined, agreement: 'orphan', ...timesOf(state) }],
      ),
    ];
  } catch (error) {
    throw temporalError(error);
  }
}

function timesOf({ paused, next }: { readonly paused: boolean; readonly next: Date | null }) {
  return { paused, next };
}

async function stateOf(client: Client, id: string) {
  try {
    const { state, info } = await client.schedule.getHandle(id).describe();
    return { paused: state.paused, note: state.note, next: info.nextActionTimes[0] ?? null };
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}
