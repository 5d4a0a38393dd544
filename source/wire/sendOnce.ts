import type { Json } from '../../schema/json/json';
import { exchange } from './http';
import { inLane } from './pace/lanes';
import { pause } from './pace/pause';
import { quotaWait } from './pace/quota';
import type { Addressed } from './question';
import type { Sender } from './send';
import { shown } from './send';
import { TransportProblem } from './transportProblem';
import { quoted } from './verdict';

/** Receives what happens to a request that must not be repeated, each before the client goes on. */
export interface Once {
  /** it is about to be sent; throws where it must not be */
  begin(): Promise<void>;
  /** a response proved that the source did nothing */
  notDone(): Promise<void>;
}

/** `unknown`: it was sent, and nothing proves whether the source did it. */
export interface OnceResult {
  readonly outcome: 'done' | 'not-done' | 'unknown';
  /** of the last response; null: there was none */
  readonly status: number | null;
  /** without secrets */
  readonly detail: string;
}

/** Waits that the source asks for are waited here up to this, and at most twice. */
const longestWaitMs = 10_000;
const waitsHere = 2;

/**
 * Sends a request that changes something, so that the source does it once at most. Only what proves that the source did nothing is tried
 * again: a 401, with a renewed token, and a 429. A timeout, a broken connection, a redirect, a 408 and a 5xx prove neither, and are not tried again.
 * Throws before it was sent, like `ask`: what the budget or the authorizer throws, and what `begin` throws.
 */
export async function sendOnce(
  sender: Sender,
  { url, headers, method, body }: Addressed,
  once: Once,
  signal: AbortSignal,
): Promise<OnceResult> {
  let renewed = false;
  for (let waits = 0; ; ) {
    const outgoing = { url: new URL(url), headers: { ...headers } };
    await sender.budget.take(signal);
    const credential = await sender.authorizer.authorize(outgoing, signal);
    const named = `${method} ${shown(sender, url)}`;
    try {
      const reply = await inLane(sender.lane, sender.concurrency, signal, async () => {
        await once.begin();
        const posted = JSON.stringify((body ?? {}) satisfies Json);
        return exchange(outgoing.url, outgoing.headers, sender.limits, sender.clock, signal, posted);
      });
      const { status } = reply;
      sender.onAnswer(status);
      const said = sender.reporter.redact(`${named} answered ${status} with ${quoted(reply, sender.reporter)}`);
      const result = (outcome: OnceResult['outcome']): OnceResult => ({ outcome, status, detail: said });
      if (status >= 200 && status < 300) {
        await sender.authorizer.accepted?.(credential);
        return { outcome: 'done', status, detail: sender.reporter.redact(`${named} answered ${status}`) };
      }
      if (status === 401) {
        if (renewed || !sender.authorizer.renew) return result('not-done');
        await once.notDone();
        await sender.authorizer.renew(credential, signal);
        renewed = true;
        continue;
      }
      if (status === 429) {
        const milliseconds = quotaWait(reply, sender.quota) ?? 1000 * 2 ** waits;
        await sender.budget.block(milliseconds, said);
        if (milliseconds > longestWaitMs || waits >= waitsHere) return result('not-done');
        await once.notDone();
        await pause(Math.max(milliseconds, 250), signal);
        waits += 1;
        continue;
      }
      return result(status >= 400 && status < 500 && status !== 408 ? 'not-done' : 'unknown');
    } catch (error) {
      if (!(error instanceof TransportProblem)) throw error;
      sender.onAnswer(null);
      const detail = sender.reporter.redact(`${named} failed: ${error.message}`);
      return { outcome: error.unsent ? 'not-done' : 'unknown', status: null, detail };
    }
  }
}
