import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, ErrorAnswer } from './answer';
import type { CommonControl, CommonParts } from './control';
import { send, spoil } from './delivery';
import { type Fault, faultOf } from './faults';

/** A simulated API: how it answers, and how it words errors. */
export interface Api extends CommonParts {
  readonly control: Pick<CommonControl, 'latencyMs'>;
  readonly answer: (request: IncomingMessage, url: URL, faults: readonly Fault[]) => Answer | Promise<Answer>;
  readonly errorAnswer: ErrorAnswer;
}

/** Answers a request to the API, with latency and faults, and logs it. */
export async function serveApi(api: Api, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const begun = performance.now();
  const at = new Date().toISOString();
  const number = api.log.next();
  const method = request.method ?? 'GET';
  const query = decoded(url.search.slice(1));
  const faults = api.faults.strike(`${method} ${url.pathname}${query === '' ? '' : `?${query}`}`);
  const wait = api.control.latencyMs + (faultOf(faults, 'slow')?.ms ?? 0);
  if (wait > 0) await sleep(wait);
  const answer = await api.answer(request, url, faults);
  const spoiled = spoil(answer, faults, `${url.pathname}${url.search}`, api.errorAnswer);
  const status = send(response, spoiled, faults, new Date(api.clock.now()));
  api.log.add({
    number,
    at,
    method,
    path: url.pathname,
    query,
    status,
    milliseconds: performance.now() - begun,
    faults: faults.map((fault) => fault.kind),
  });
}

/** Percent signs decoded; malformed ones stay as they are. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
