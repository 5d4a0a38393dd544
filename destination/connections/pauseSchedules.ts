import type { Knex } from 'knex';
import type { ScheduleOverride } from '../../schema/definition/schedule';
import type { Strategy } from '../../schema/workflows';
import type { Decision } from '../audit';
import { audit } from '../audit';
import { lockConnection, type StoredConnection, updateConnection } from './connections';

export interface SchedulesToPause {
  readonly connectionId: string;
  readonly entities: readonly string[];
  readonly strategies: readonly Strategy[];
}

/**
 * Notes at the connection that schedules are paused, and why, or that they are not any more; audited. Temporal's schedules
 * are made to agree afterwards. Throws TidemarkError 'NotFound'.
 */
export async function pauseSchedules(
  db: Knex,
  { connectionId, entities, strategies }: SchedulesToPause,
  paused: boolean,
  by: Decision,
): Promise<StoredConnection> {
  return db.transaction(async (tx) => {
    const schedules = { ...(await lockConnection(tx, connectionId)).schedules };
    for (const entity of entities) {
      const { paused: before, ...times } = schedules[entity] ?? {};
      const after = { ...before };
      for (const strategy of strategies) {
        if (paused) after[strategy] = by.reason;
        else delete after[strategy];
      }
      schedules[entity] = Object.keys(after).length > 0 ? { ...times, paused: after } : (times as ScheduleOverride);
    }
    const action = paused ? 'schedules pause' : 'schedules resume';
    await audit(tx, { ...by, action, connectionId, details: { entities, strategies } });
    return updateConnection(tx, connectionId, { schedules });
  });
}
