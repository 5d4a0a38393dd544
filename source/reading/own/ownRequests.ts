import type { Asked } from '../../../schema/answer';
import type { OwnRequest, OwnResponse } from '../../../schema/definition/listings/ownRequests';
import { messageOf, TidemarkError } from '../../../schema/errors';
import { headerProblem } from '../../../schema/text/headerText';
import type { RecordPlace } from '../../wire/body/spans';
import type { Addressed } from '../../wire/question';
import type { JsonAnswer, Question } from '../../wire/send';

/** A loop that never yields must end some time. */
const requestsAtMost = 100;

/** The requests of a function of the definition, over the engine's own. */
export interface OwnRequests {
  readonly request: (request?: OwnRequest) => Promise<OwnResponse>;
  /** the answer behind a response; undefined for what `request` did not return */
  answerOf(response: unknown): JsonAnswer | undefined;
  /** Throws what a request has thrown, since a function that catches it knows less than it says. Then counts from 0 again. */
  settle(): void;
  /** of all answers together, the earliest sent and the latest received; undefined before the first */
  asked(): Asked | undefined;
}

export interface OwnRequestsOptions {
  /** the declared request, filled in */
  readonly first: Addressed;
  readonly base: URL;
  readonly place: RecordPlace;
  /** Sends a request and judges its answer; throws TidemarkError. */
  readonly ask: (
    request: Pick<Question, 'url' | 'headers' | 'method' | 'body' | 'place'>,
    statuses: readonly number[],
  ) => Promise<JsonAnswer>;
  readonly broken: (problem: string, todo: string) => TidemarkError;
}

export function ownRequests({ first, base, place, ask, broken }: OwnRequestsOptions): OwnRequests {
  const answers = new WeakMap<OwnResponse, JsonAnswer>();
  let asked: Asked | undefined;
  let sent = 0;
  let failed: { readonly error: unknown } | undefined;

  async function send(parts: OwnRequest): Promise<OwnResponse> {
    sent += 1;
    if (sent > requestsAtMost)
      throw broken(
        `its function has sent ${requestsAtMost} requests without a result`,
        'Yield a page, or return, before that',
      );
    const answer = await ask(requestOf(first, base, place, parts, broken), parts.statuses ?? []);
    const response: OwnResponse = { status: answer.status, body: answer.body, headers: answer.headers };
    answers.set(response, answer);
    asked = {
      sent: Math.min(answer.sent, asked?.sent ?? answer.sent),
      received: Math.max(answer.received, asked?.received ?? answer.received),
    };
    return response;
  }

  return {
    request: (parts = {}) => {
      const sending = send(parts).catch((error: unknown) => {
        failed ??= { error };
        throw error;
      });
      // one that the function does not wait for must not end the process
      sending.catch(() => undefined);
      return sending;
    },
    answerOf: (response) =>
      typeof response === 'object' && response !== null ? answers.get(response as OwnResponse) : undefined,
    settle: () => {
      if (failed) throw failed.error;
      sent = 0;
    },
    asked: () => asked,
  };
}

function requestOf(
  first: Addressed,
  base: URL,
  place: RecordPlace,
  { path, query = {}, headers = {}, method = first.method, body = first.body, records = place.path }: OwnRequest,
  broken: OwnRequestsOptions['broken'],
) {
  const url = path === undefined ? new URL(first.url) : below(base, path, broken);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  for (const [name, value] of Object.entries(headers)) {
    const problem = headerProblem(name, value);
    if (problem !== undefined)
      throw broken(`its function asks for a request that cannot be sent: ${problem}`, 'Correct the function');
  }
  return {
    ...{ url, method, place: { ...place, path: records }, headers: { ...first.headers, ...headers } },
    body: method === 'POST' ? body : undefined,
  };
}

/** Assigned part by part: a path with two slashes at its front would name another host if it were resolved. */
function below(base: URL, path: string, broken: OwnRequestsOptions['broken']): URL {
  if (typeof path !== 'string' || !path.startsWith('/'))
    throw broken('its function asks for a path that does not begin with a slash', 'Correct the function');
  const url = new URL(base);
  const [steps = '', search = ''] = path.split('?', 2);
  url.pathname = `${base.pathname.replace(/\/+$/, '')}${steps}`;
  url.search = search;
  return url;
}

/** What a function of the definition has thrown, as what the engine throws. */
export function thrownBy(error: unknown, signal: AbortSignal, broken: OwnRequestsOptions['broken']): unknown {
  if (error instanceof TidemarkError || signal.aborted) return error;
  return broken(`its function failed: ${messageOf(error).slice(0, 300)}`, 'Correct the function');
}
