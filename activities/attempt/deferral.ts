import { noteWait } from '../../destination/runs/waits';
import { TidemarkError } from '../../schema/errors';
import type { ActivityDeps } from '../deps';
import { runOf } from './runOf';

/** What Temporal keeps of an attempt that waits, in the details of its failure. */
export interface Deferral {
  /** see `NotedWait` */
  readonly resumes: number;
}

/** How an attempt that a wait stopped is to be repeated. */
export interface Deferred {
  readonly afterMs: number;
  readonly deferral: Deferral;
}

/** An attempt whose wait an operator has ended goes on after this; not at once, since an error of ours must not make a busy loop. */
const goesOnAfterMs = 1_000;

/**
 * Notes the wait that stopped an activity on its run, and returns when to try again; undefined for what is no wait. What it
 * returns holds even if an operator ends the wait before Temporal hears of it: see `tryNow`. Throws where PostgreSQL cannot be asked.
 */
export async function deferredBy(
  { db }: Pick<ActivityDeps, 'db'>,
  input: unknown,
  error: unknown,
): Promise<Deferred | undefined> {
  if (!(error instanceof TidemarkError) || error.recovery !== 'wait') return undefined;
  const { connectionId } = input as { readonly connectionId?: unknown };
  if (typeof connectionId !== 'string') return undefined;
  const { message: reason, retryAfterMs: milliseconds = 0, byEngine } = error;
  const runId = await runOf(db, input);
  const { resumes, ended } = await noteWait(db, { connectionId, runId, milliseconds, reason, byEngine });
  return { afterMs: ended ? Math.min(goesOnAfterMs, milliseconds) : milliseconds, deferral: { resumes } };
}
