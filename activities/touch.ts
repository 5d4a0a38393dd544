import { Context } from '@temporalio/activity';
import {
  beginTouch,
  endTouch,
  findTouch,
  settleTouch,
  type TouchEnd,
  touchNotDone,
} from '../destination/requests/touches';
import { TidemarkError } from '../schema/errors';
import type { TouchInput, TouchResult } from '../schema/workflows';
import { alive } from './attempt/liveness';
import type { ActivityDeps } from './deps';
import type { TargetOpener } from './openTarget';

/** Makes harmless changes at the source, each sent once at most. */
export function touchActivities(deps: ActivityDeps, openTarget: TargetOpener) {
  const { db } = deps;
  return {
    /** Sends the request of a touch. PostgreSQL holds what it says, and whether it was sent. */
    async touch(input: TouchInput): Promise<TouchResult> {
      const { connectionId, entity, touchId } = input;
      const target = { connectionId, entity };
      const asked = await findTouch(db, target, touchId);
      if (asked === undefined)
        throw new TidemarkError('NotFound', `There is no touch ${touchId} of ${connectionId}/${entity}`);
      const end = await attempt(target, touchId, asked).catch((error: unknown) => unsent(error));
      await endTouch(db, touchId, end);
      return { ...target, touchId, ...end };
    },

    /** Ends a touch whose attempt was lost. */
    async settleTouch({ connectionId, entity, touchId }: TouchInput): Promise<TouchResult> {
      const end = await settleTouch(db, touchId);
      return { connectionId, entity, touchId, ...(end ?? notThere) };
    },
  };

  async function attempt(
    target: { readonly connectionId: string; readonly entity: string },
    touchId: string,
    { recordId, text }: { readonly recordId: string; readonly text: string },
  ): Promise<TouchEnd> {
    const open = await openTarget(target, 'webhook');
    const once = {
      begin: async () => {
        if (!(await beginTouch(db, touchId))) throw new SentBefore();
      },
      notDone: () => touchNotDone(db, touchId),
    };
    const signal = Context.current().cancellationSignal;
    return alive(() => open.source.touch(open.entity, recordId, { text, once, signal }));
  }
}

/** Another attempt has sent the request. */
class SentBefore extends Error {}

const notThere: TouchEnd = { outcome: 'not-done', status: null, detail: 'its record was erased' };

/** The source client throws only before a request was sent, or when it must not be sent a second time. */
function unsent(error: unknown): TouchEnd {
  if (error instanceof SentBefore)
    return { outcome: 'unknown', status: null, detail: 'an earlier attempt sent the request and was lost' };
  if (!(error instanceof TidemarkError)) throw error;
  return { outcome: 'not-done', status: null, detail: error.message };
}
