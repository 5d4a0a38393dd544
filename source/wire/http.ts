import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import axios, { type AxiosResponse } from 'axios';
import type { Asked } from '../../schema/answer';
import type { DatabaseClock } from '../../schema/ports';
import type { ProxyFor } from '../../schema/settings/proxies';
import { acceptedEncodings, decompressed, tooLarge } from './body/body';
import { inUtf8 } from './body/charset';
import { routeThrough } from './proxy/proxied';
import { isOfProxy, nameOf, proxyFault, proxyRefusal } from './proxy/proxyProblem';
import { problemOf, TransportProblem, unavailable } from './transportProblem';

export type Method = 'GET' | 'POST';

/** What one request may use. */
export interface Limits {
  /** largest body in bytes, also after decompression */
  readonly bytes: number;
  /** longest time of one request in milliseconds, from connecting to the last byte */
  readonly timeoutMs: number;
  /** longest silence in milliseconds; also the bound on connecting */
  readonly idleMs: number;
  /** the proxy for an address; default: none */
  readonly proxyFor?: ProxyFor | undefined;
}

/** What came back, whatever its status. */
export interface Reply extends Asked {
  readonly status: number;
  /** by lower-case name */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** decompressed, in UTF-8 without a byte order mark */
  readonly body: Buffer;
  /** size in bytes as it was sent, decompressed */
  readonly bytes: number;
  /** when the request was sent in the source's clock at the earliest, in milliseconds since 1970; null where it doesn't tell the time */
  readonly sourceSent: number | null;
}

export const agentOptions = { keepAlive: true, maxFreeSockets: 64, timeout: 60_000 } as const;

/**
 * One request, nothing repeated, no redirect followed. Not decompressed by axios, so that the bound on the body is
 * exact and a cut one is noticed. axios ignores the proxies of the environment: they come with the limits, since no library code reads
 * it, and its own tunnels take a proxy's refusal for the response of the source.
 */
export const client = axios.create({
  adapter: 'http',
  responseType: 'stream',
  decompress: false,
  maxRedirects: 0,
  proxy: false,
  validateStatus: null,
  httpAgent: new http.Agent(agentOptions),
  httpsAgent: new https.Agent(agentOptions),
  headers: { Accept: 'application/json', 'Accept-Encoding': acceptedEncodings, 'User-Agent': 'tidemark' },
});

/** Sends one GET, or a POST of the JSON `posted`, and reads the whole body of the response. Throws TransportProblem, or the signal's reason when aborted. */
export async function exchange(
  url: URL,
  headers: Readonly<Record<string, string>>,
  limits: Limits,
  clock: DatabaseClock,
  signal: AbortSignal,
  posted?: string,
): Promise<Reply> {
  signal.throwIfAborted();
  const proxy = limits.proxyFor?.(url);
  const watch = watchOver(limits, signal, proxy ? ` from ${nameOf(proxy)}` : '');
  try {
    const sent = clock.sent();
    const response: AxiosResponse<Readable> = await client.request({
      url: url.href,
      headers: posted === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
      signal: watch.signal,
      ...(posted === undefined ? { method: 'GET' } : { method: 'POST', data: posted }),
      ...(proxy && routeThrough(proxy, url, agentOptions)),
    });
    watch.progress();
    const untilHeaders = clock.received() - sent;
    const body = await readAll(response.data, limits.bytes, watch);
    const received = clock.received();
    const plainHeaders = Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
    );
    if (proxy && url.protocol === 'http:' && isOfProxy(response.status, plainHeaders)) {
      throw proxyRefusal(proxy, response.status);
    }
    const plain = await decompressed(body, plainHeaders['content-encoding'], limits.bytes);
    return {
      status: response.status,
      headers: plainHeaders,
      body: inUtf8(plain, plainHeaders['content-type']),
      bytes: plain.length,
      sent,
      received,
      sourceSent: sentInSourceTime(plainHeaders.date, untilHeaders),
    };
  } catch (error) {
    signal.throwIfAborted();
    if (watch.signal.aborted) throw watch.signal.reason;
    const known = [error, (error as { cause?: unknown }).cause].find((each) => each instanceof TransportProblem);
    if (known) throw known;
    throw proxy && url.protocol === 'http:' ? proxyFault(proxy, error) : problemOf(error, url.host);
  } finally {
    watch.end();
  }
}

/**
 * The source stamped its answer at `Date`, cut to the second, at some moment between our sending and its headers' arrival:
 * so in its clock the request was sent no earlier than that stamp less the whole of that time.
 */
function sentInSourceTime(date: string | undefined, untilHeaders: number): number | null {
  const stamped = Date.parse(date ?? '');
  return Number.isNaN(stamped) ? null : stamped - untilHeaders;
}

async function readAll(stream: Readable, limit: number, watch: Watch): Promise<Buffer> {
  const stop = () => stream.destroy(watch.signal.reason);
  watch.signal.addEventListener('abort', stop);
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of stream) {
      watch.progress();
      size += chunk.length;
      // leaving the loop destroys the stream and with it the connection
      if (size > limit) throw tooLarge(limit);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    watch.signal.removeEventListener('abort', stop);
  }
}

interface Watch {
  /** aborted with a TransportProblem when time is up, or with the caller's reason */
  readonly signal: AbortSignal;
  progress(): void;
  end(): void;
}

function watchOver(limits: Limits, caller: AbortSignal, from: string): Watch {
  const controller = new AbortController();
  const giveUp = (problem: string) => controller.abort(unavailable(problem));
  const total = setTimeout(
    giveUp,
    limits.timeoutMs,
    `the response${from} was not complete after ${limits.timeoutMs} ms`,
  );
  const idle = setTimeout(giveUp, limits.idleMs, `no data arrived${from} for ${limits.idleMs} ms`);
  const cancel = () => controller.abort(caller.reason);
  caller.addEventListener('abort', cancel);
  return {
    signal: controller.signal,
    progress: () => {
      idle.refresh();
    },
    end: () => {
      clearTimeout(total);
      clearTimeout(idle);
      caller.removeEventListener('abort', cancel);
    },
  };
}
