import type { Asked, GoneAnswer, LiveAnswer, SetAsideAnswer } from '../schema/answer';
import { TidemarkError } from '../schema/errors';
import { readRecord } from '../source/record/readRecord';
import type { ActivityDeps } from './deps';
import type { OpenTarget } from './openTarget';

/** What the source says of one record. `unclear`: an answer that proves neither, such as a 403. */
export type Said = Asked &
  (
    | { readonly kind: 'live'; readonly live: LiveAnswer }
    | { readonly kind: 'gone'; readonly gone: GoneAnswer; readonly detail: string }
    | { readonly kind: 'set-aside'; readonly setAside: SetAsideAnswer; readonly detail: string }
    | { readonly kind: 'unclear'; readonly detail: string }
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
    if (answer.kind === 'gone') return { ...times, kind: 'gone', gone: { id, version: null }, detail: answer.evidence };
    const read = readRecord(open.entity, answer.record, open.mapContext);
    if (read.kind === 'live') return { ...times, kind: 'live', live: read };
    if (read.kind === 'gone') return { ...times, kind: 'gone', gone: read, detail: 'the source answered a tombstone' };
    return { ...times, kind: 'set-aside', setAside: { ...read, id }, detail: `${read.reason}: ${read.detail}` };
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.type !== 'ContractBroken') throw error;
    return { sent, received: clock.received(), kind: 'unclear', detail: error.message };
  }
}

/** The source said nothing at all: it could not be reached, or had an error of its own. */
export function isUnavailable(error: unknown): error is TidemarkError {
  return error instanceof TidemarkError && error.type === 'SourceUnavailable';
}
