import type { IncomingMessage } from 'node:http';
import type { Answer } from '../../simulator/answer';
import type { Fault } from '../../simulator/faults';
import { decoded } from '../../simulator/serveApi';
import { accessDenied, errorAnswer, jsonAnswer } from './answer';
import type { SimulatorControl, SimulatorParts } from './control';
import { answerList } from './list';
import { renderOne } from './page';
import { BadRequest } from './query';
import type { Resource } from './resources';

export interface Api extends SimulatorParts {
  readonly control: SimulatorControl;
  /** the only Authorization header that is let in */
  readonly authorization: string;
}

/** The API's answer, before a fault spoils it. */
export function answerApi(api: Api, request: IncomingMessage, url: URL, faults: readonly Fault[]): Answer {
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
