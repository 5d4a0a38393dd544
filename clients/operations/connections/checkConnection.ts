import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import { getConnection } from '../../../destination/connections/connections';
import { loadSecrets } from '../../../destination/connections/secrets';
import { authText, withChosenAuth } from '../../../schema/definition/auth/chosen';
import type { FirstPageResult } from '../../../schema/definition/checks';
import { connectorOf } from '../../../schema/definition/registered';
import { taskQueue as defaultTaskQueue } from '../../../schema/workflows';
import { pollersOf } from '../../temporal/pollers';
import { remoteFailure } from '../../temporal/remoteFailure';
import { type StartContext, startWorkflow } from '../../temporal/start';
import { answerWithinMs, isDeadline, temporalError } from '../../temporal/temporal';
import { firstPage } from '../../temporal/workflows';
import type { OperationContext } from '../definition/context';
import { startContext } from '../work/runs/runs';
import type { ConnectionInput } from './named';

/** What became known of one entity. */
export interface CheckedEntity {
  readonly entity: string;
  /** `later`: its lists belong to records that have not been read yet; `no-answer`: no worker answered in time */
  readonly says: 'read' | 'later' | 'refused' | 'failed' | 'no-answer';
  /** on the first page; null: it was not read */
  readonly records: number | null;
  /** whether the list goes on after it */
  readonly more: boolean;
  readonly detail: string;
}

export interface CheckedConnection {
  readonly connectionId: string;
  readonly connector: string;
  readonly auth: string;
  readonly ok: boolean;
  readonly entities: readonly CheckedEntity[];
}

/**
 * Has a worker read the first page of each entity's list, all at once; nothing is written. What prevents an answer is returned, not
 * thrown. `wait`: this long for the source, in seconds. Throws TidemarkError 'NotFound', 'TemporalUnavailable'.
 */
export async function checkConnection(
  context: OperationContext,
  { connection: id, wait }: ConnectionInput & { readonly wait: number },
): Promise<CheckedConnection> {
  const connector = connectorOf(await context.connectors(), await getConnection(context.db, id));
  const starting = await startContext(context);
  // no source is asked for those that only files feed
  const names = [...connector.entities.values()].flatMap(({ name, importOnly }) => (importOnly ? [] : [name]));
  const { client, taskQueue = defaultTaskQueue } = starting;
  const asked = await anyWorker(client, taskQueue);
  const deadline = Date.now() + wait * 1_000;
  const entities = asked
    ? await Promise.all(names.map((entity) => readFirst(starting, { connectionId: id, entity }, deadline, wait)))
    : names.map((entity) => unanswered(entity, 'no worker is running, so nothing was asked'));
  const ring = await context.ring();
  // without a key of its own, the client cannot see which secrets there are
  const secrets = ring === undefined ? [] : Object.keys(await loadSecrets(context.db, ring, id));
  const ok = entities.every(({ says }) => says === 'read' || says === 'later');
  return {
    connectionId: id,
    connector: connector.name,
    auth: authText(withChosenAuth(connector, secrets).auth),
    ok,
    entities,
  };
}

/** A worker that has just started may not have polled yet. */
async function anyWorker(client: Client, taskQueue: string): Promise<boolean> {
  try {
    for (let tries = 0; tries < 8; tries++) {
      const polling = () => pollersOf(client, taskQueue);
      if ((await client.withDeadline(Date.now() + answerWithinMs, polling)) > 0) return true;
      await sleep(250);
    }
    return false;
  } catch (error) {
    throw temporalError(error);
  }
}

async function readFirst(
  context: StartContext,
  target: { readonly connectionId: string; readonly entity: string },
  deadline: number,
  wait: number,
): Promise<CheckedEntity> {
  const { entity } = target;
  const { handle } = await startWorkflow(context, firstPage, { ...target, key: randomUUID() });
  try {
    return answered(await context.client.withDeadline(deadline, () => handle.result()));
  } catch (error) {
    const failure = remoteFailure(error);
    if (failure === undefined) {
      if (!isDeadline(error) && !(error instanceof WorkflowFailedError)) throw temporalError(error);
      return unanswered(entity, `no answer within ${wait} s: is a worker running, and does the source answer?`);
    }
    const says = failure.type === 'CredentialsRefused' ? 'refused' : 'failed';
    return { ...unanswered(entity, `${failure.type}: ${failure.message}`), says };
  }
}

function answered({ entity, records, more, detail }: FirstPageResult): CheckedEntity {
  if (records === null) return { entity, says: 'later', records, more, detail };
  return { entity, says: 'read', records, more, detail: more ? 'the list goes on' : 'the whole list' };
}

function unanswered(entity: string, detail: string): CheckedEntity {
  return { entity, says: 'no-answer', records: null, more: false, detail };
}
