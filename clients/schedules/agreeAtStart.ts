import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import type { Connector } from '../../schema/definition/connector';
import { messageOf } from '../../schema/errors';
import { agreeWithDatabase } from './agreeWithDatabase';

export interface AgreeAtStartOptions {
  readonly db: Knex;
  readonly client: Client;
  readonly connectors: readonly Connector[];
  readonly taskQueue: string | undefined;
  readonly log: { warn(details: object, message: string): void; info(details: object, message: string): void };
  /** ends it */
  readonly signal: AbortSignal;
}

const longestPauseMs = 30_000;

/** Makes schedules and database agree once, as soon as both can be reached. Never throws. */
export async function agreeAtStart({
  db,
  client,
  connectors,
  taskQueue,
  log,
  signal,
}: AgreeAtStartOptions): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      const agreed = await agreeWithDatabase(db, client, connectors, { taskQueue });
      log.info(agreed, 'schedules agree with the database');
      return;
    } catch (error) {
      log.warn(
        { reason: messageOf(error) },
        'schedules could not be made to agree with the database: it will be tried again',
      );
    }
    await sleep(Math.min(longestPauseMs, 500 * 2 ** attempt), undefined, { signal }).catch(() => undefined);
  }
}
