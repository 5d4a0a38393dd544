import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, accessDenied, errorAnswer, jsonAnswer } from './answer';
import type { SimulatorControl, SimulatorParts } from './control';
import { send, spoil } from './delivery';
import { type Fault, faultOf } from './faults';
import { answerList } from './list';
import { renderOne } from './page';
import { BadRequest } from './query';
import type { Resource } from './resources';

export interface Api extends SimulatorParts {
  readonly control: SimulatorControl;
  /** the only Authorization header that is let in */
  readonly authorization: string;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/** Answers a request to the API, with latency and faults, and logs it. */
export async function handleApi(api: Api, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const begun = performance.now();
  const at = new Date().toISOString();
  const number = api.log.next();
  const method = request.method ?? 'GET';
  const query = decoded(url.search.slice(1));
  const faults = api.faults.strike(`${method} ${url.pathname}${query === '' ? '' : `?${query}`}`);
  const wait = api.control.latencyMs + (faultOf(faults, 'slow')?.ms ?? 0);
  if (wait > 0) await api.sleep(wait);
  const answer = spoil(answerApi(api, request, url, faults), faults, `${url.pathname}${url.search}`);
  const status = send(response, answer, faults, new Date(api.clock.now()));
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

function answerApi(api: Api, request: IncomingMessage, url: URL, faults: readonly Fault[]): Answer {
  if (request.headers.authorization !== api.authorization) return accessDenied;
  const offset = Number(url.searchParams.get('offset') ?? 0);
  const rate = api.limiter.take(api.authorization, offset, performance.now());
  if (rate && !rate.allowed) return errorAnswer(429, rate.detail, rate.headers);
  const answer = route(api, request.method ?? 'GET', url, faults);
  return { ...answer, headers: { ...answer.headers, ...rate?.headers } };
}

function route(api: Api, method: string, url: URL, faults: readonly Fault[]): Answer {
  const resource = Object.values(api.records.resources).find(({ path }) => `${url.pathname}/`.startsWith(`${path}/`));
  // only what a sync needs is simulated: reading
  if (!resource || method !== 'GET') return errorAnswer(404);
  const rest = url.pathname.slice(resource.path.length + 1);
  return api.stale.read(performance.now(), () =>
    rest === '' ? listAnswer(api, resource, url, faults) : oneAnswer(resource, decoded(rest), url),
  );
}

function listAnswer(api: Api, resource: Resource, url: URL, faults: readonly Fault[]): Answer {
  try {
    return jsonAnswer(answerList(resource, url, api.control.hidden.has(resource.entity), faults));
  } catch (error) {
    if (error instanceof BadRequest) return errorAnswer(400, error.message);
    throw error;
  }
}

function oneAnswer(resource: Resource, id: string, url: URL): Answer {
  const slot = resource.records.find(id);
  if (slot === undefined) return errorAnswer(404);
  const fields = url.searchParams.get(`fields[${resource.type}]`);
  return jsonAnswer(renderOne(resource, slot, url, fields === null ? undefined : new Set(fields.split(','))));
}

/** Malformed percent signs stay as they are. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
