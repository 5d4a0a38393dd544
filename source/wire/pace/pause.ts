import { setTimeout as after } from 'node:timers/promises';

/** Waits this many milliseconds. Rejects with the signal's reason when aborted. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  try {
    await after(milliseconds, undefined, { signal });
  } catch (error) {
    // Node's timer throws its own AbortError instead of the reason, which is what callers look at
    signal.throwIfAborted();
    throw error;
  }
}
