import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { takeShown } from '../../../destination/requests/shownRecords';
import type { LookAtResult } from '../../../schema/definition/checks';
import { TidemarkError } from '../../../schema/errors';
import { parseExactly } from '../../../schema/json/exactJson';
import type { Target } from '../../../schema/workflows';
import { remoteFailure } from '../../temporal/remoteFailure';
import { startWorkflow } from '../../temporal/start';
import { isDeadline, temporalError } from '../../temporal/temporal';
import { showRecord } from '../../temporal/workflows';
import type { OperationContext } from '../definition/context';
import { startContext } from './runs/runs';
import { findTarget, type TargetInput } from './targets';

export interface RawRecord extends Target {
  readonly id: string;
  /** null: no answer came */
  readonly askedAt: Date | null;
  readonly says: 'live' | 'gone' | 'set-aside' | 'unclear' | 'no-answer';
  readonly detail: string;
  /** as the source sent it; numbers that a double does not hold exactly are text of their digits; null where it sent none */
  readonly record: unknown;
}

/**
 * One record as the source has it now; nothing is written to its table. What prevents an answer is returned, not thrown. Throws TidemarkError
 * 'NotFound', 'TemporalUnavailable', and 'Usage' for an entity without `one`.
 */
export async function showRaw(
  context: OperationContext,
  { id, wait, ...named }: TargetInput & { readonly id: string; readonly wait: number },
): Promise<RawRecord> {
  const { target, entity } = await findTarget(context, named);
  if (entity.listings.one === undefined) {
    throw new TidemarkError(
      'Usage',
      `Entity ${entity.name} has no listing \`one\`: 'tidemark record show ${target.connectionId} ${entity.name} ${id}' shows its row with \`raw\``,
    );
  }
  const showAs = randomUUID();
  const { says, detail, askedAt } = await lookedAt(context, { ...target, id, showAs }, wait);
  const record = await takeShown(context.db, showAs);
  return {
    ...{ ...target, id, detail, askedAt: askedAt === null ? null : new Date(askedAt) },
    says: says === 'no-one' ? 'unclear' : says,
    record: record === undefined ? null : parseExactly(record, 'keep'),
  };
}

type Look = Pick<LookAtResult, 'detail'> & {
  readonly says: LookAtResult['says'] | 'no-answer';
  readonly askedAt: string | null;
};

/** `wait`: this long for the source, in seconds */
async function lookedAt(
  context: OperationContext,
  input: Parameters<typeof showRecord.workflowId>[0],
  wait: number,
): Promise<Look> {
  const { client, ...rest } = await startContext(context);
  const { handle } = await startWorkflow({ client, ...rest }, showRecord, input);
  try {
    return await client.withDeadline(Date.now() + wait * 1_000, () => handle.result());
  } catch (error) {
    const failure = remoteFailure(error);
    if (failure) return { says: 'no-answer', askedAt: null, detail: `${failure.type}: ${failure.message}` };
    if (!isDeadline(error) && !(error instanceof WorkflowFailedError)) throw temporalError(error);
    const detail = `no answer within ${wait} s: is a worker running, and does the source answer?`;
    return { says: 'no-answer', askedAt: null, detail };
  }
}
