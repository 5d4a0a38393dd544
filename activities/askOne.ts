import type { Asked, LiveAnswer } from '../schema/answer';
import { TidemarkError } from '../schema/errors';
import { readRecord } from '../source/readRecord';
import type { ActivityDeps } from './deps';
import type { OpenTarget } from './openTarget';

/** What the source says of one record, for those who only look. `unclear`: an answer that proves neither, such as a 403. */
export type Said = Asked &
  (
    | { readonly kind: 'live'; readonly live: LiveAnswer }
    | { readonly kind: 'gone' | 'set-aside' | 'unclear'; readonly detail: string }
  );

/** Asks `one` and reads the answer; nothing is written. Throws what is wrong with the source as a whole. */
export async function askOne(
  { clock }: ActivityDeps,
  open: OpenTarget,
  id: string,
  signal: AbortSignal,
): Promise<Said> {
  const sent = clock.sent();
  try {
    const answer = await open.source.getById(open.entity, id, { signal });
    const times = { sent: answer.sent, received: answer.received };
    if (answer.kind === 'gone') return { ...times, kind: 'gone', detail: answer.evidence };
    const read = readRecord(open.entity, answer.record, open.mapContext);
    if (read.kind === 'live') return { ...times, kind: 'live', live: read };
    if (read.kind === 'gone') return { ...times, kind: 'gone', detail: 'the source answered a tombstone' };
    return { ...times, kind: 'set-aside', detail: `${read.reason}: ${read.detail}` };
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.type !== 'ContractBroken') throw error;
    return { sent, received: clock.received(), kind: 'unclear', detail: error.message };
  }
}
