import type { StoredToken, TokenStore } from '../../../schema/ports';
import type { Authorizer, TokenEndpoint } from '../authorizer';
import type { Grant } from './grant';
import { createRenewer } from './renewer';

/** An access token as a process holds it in memory. */
interface Held {
  readonly generation: number;
  readonly accessToken: string;
  /** from when on it is not used without a look at what is stored, in milliseconds of `performance.now()` */
  readonly lookAgainAt: number;
}

/** A token is renewed this long before it expires, or for a tenth of its lifetime where that is shorter. */
const marginMs = 60_000;
/** For how long a token that is due is used without another look: somebody renews it, or the token endpoint fails. */
const useMeanwhileMs = 5_000;

/**
 * Authorizes requests with the access token that all processes share. It is held in memory until it is due. Callers that find it due
 * or refused wait for one renewal.
 */
export function tokenHolder(grant: Grant, tokens: TokenStore, endpoint: TokenEndpoint): Authorizer {
  const renewer = createRenewer(grant, tokens, endpoint);
  const noted = new Set<number>();
  let held: Held | undefined;
  let flight: Promise<Held> | undefined;

  async function obtain(refused: number | undefined): Promise<Held> {
    const stored = await renewer.obtain(refused, (one) => remainingMs(one) > 0);
    const { generation, accessToken = '', succeeded } = stored;
    endpoint.hide([accessToken]);
    if (succeeded) noted.add(generation);
    const lookAgainInMs = Math.max(remainingMs(stored), Math.min(useMeanwhileMs, stored.expiresInMs ?? useMeanwhileMs));
    held = { generation, accessToken, lookAgainAt: performance.now() + lookAgainInMs };
    return held;
  }

  /** A token of another generation than the refused one. */
  async function another(refused: number | undefined, signal: AbortSignal): Promise<Held> {
    for (;;) {
      if (flight === undefined) {
        flight = obtain(refused).finally(() => {
          flight = undefined;
        });
        // who waits for it may have been cancelled
        flight.catch(() => undefined);
      }
      const found = await unlessAborted(flight, signal);
      if (found.generation !== refused) return found;
    }
  }

  return {
    async authorize(request, signal) {
      const now = held !== undefined && performance.now() < held.lookAgainAt ? held : await another(undefined, signal);
      request.headers.Authorization = `Bearer ${now.accessToken}`;
      return now.generation;
    },
    async renew(refused, signal) {
      if (held === undefined || held.generation === refused) await another(refused, signal);
    },
    async accepted(generation) {
      if (generation === undefined || noted.has(generation)) return;
      noted.add(generation);
      // a request that succeeded is not failed by this
      await tokens.noteSuccess(generation).catch(() => noted.delete(generation));
    },
    async refusedAgain(generation) {
      if (generation !== undefined) await tokens.noteRefusal(generation);
    },
  };
}

/** Milliseconds until a token is due; Infinity where nobody knows when it expires. */
function remainingMs({ expiresInMs, lifetimeMs }: StoredToken): number {
  if (expiresInMs === undefined) return Number.POSITIVE_INFINITY;
  return expiresInMs - Math.min(marginMs, (lifetimeMs ?? 0) / 10);
}

/** Waits for a promise to settle, or for the signal. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
