import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import type { AxiosResponse } from 'axios';
import { acceptedEncodings } from './body/body';
import { agentOptions, client, type Limits } from './http';
import { routeThrough } from './proxy/proxied';
import { isThisMachine, PrivateAddress, publicLookup } from './publicAddress';
import { problemOf, TransportProblem, unavailable } from './transportProblem';

/** A document that is being downloaded: read to its end, or left by ending the iteration, which closes the connection. */
export interface Download {
  readonly status: number;
  /** by lower-case name */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** as they come, still encoded; throws TransportProblem */
  readonly bytes: AsyncIterable<Buffer>;
}

/** No socket is kept: an address that was judged when a socket was opened must not serve another name later. */
const direct = { httpAgent: new http.Agent(), httpsAgent: new https.Agent() };
const headers = { Accept: '*/*', 'Accept-Encoding': acceptedEncodings };

/**
 * Sends one GET without credentials and hands out the body as it comes. No redirect is followed. The time that the reader takes for
 * what it was given does not count as silence of the other side. Throws TransportProblem, PrivateAddress, or the signal's reason.
 */
export async function startDownload(url: URL, base: URL, limits: Limits, signal: AbortSignal): Promise<Download> {
  signal.throwIfAborted();
  const proxy = limits.proxyFor?.(url);
  const controller = new AbortController();
  const cancel = () => controller.abort(signal.reason);
  signal.addEventListener('abort', cancel);
  const silent = () => controller.abort(unavailable(`no data arrived from ${url.host} for ${limits.idleMs} ms`));
  const timed = async <T>(waiting: Promise<T>): Promise<T> => {
    const timer = setTimeout(silent, limits.idleMs);
    try {
      return await waiting;
    } catch (error) {
      throw understood(error);
    } finally {
      clearTimeout(timer);
    }
  };
  const understood = (error: unknown): unknown => {
    if (signal.aborted) return signal.reason;
    if (controller.signal.aborted) return controller.signal.reason;
    const known = [error, (error as { cause?: unknown }).cause].find(
      (each) => each instanceof TransportProblem || each instanceof PrivateAddress,
    );
    return known ?? problemOf(error, url.host);
  };
  const end = () => signal.removeEventListener('abort', cancel);
  try {
    const response: AxiosResponse<Readable> = await timed(
      client.request({
        ...{ url: url.href, method: 'GET', headers, signal: controller.signal },
        ...(proxy ? routeThrough(proxy, url, agentOptions) : { ...direct, lookup: publicLookup(isThisMachine(base)) }),
      }),
    );
    const plain = Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
    return {
      status: response.status,
      headers: Object.fromEntries(plain),
      bytes: chunks(response.data, controller.signal, timed, end),
    };
  } catch (error) {
    end();
    throw error;
  }
}

async function* chunks(
  stream: Readable,
  signal: AbortSignal,
  timed: <T>(waiting: Promise<T>) => Promise<T>,
  end: () => void,
): AsyncGenerator<Buffer, void, undefined> {
  const stop = () => stream.destroy(signal.reason);
  signal.addEventListener('abort', stop);
  const iterator: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await timed(iterator.next());
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    end();
    stream.destroy();
  }
}
