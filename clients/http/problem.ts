import type { FastifyReply } from 'fastify';
import { type errorTypes, TidemarkError } from '../../schema/errors';
import { WrongInput } from '../operations/definition/context';

/** An error as HTTP says it. https://www.rfc-editor.org/rfc/rfc9457 */
export interface Problem {
  readonly status: number;
  /** stable, for machines; `urn:tidemark:<type>` */
  readonly type: string;
  readonly title: string;
  /** what happened and what to do */
  readonly detail: string;
  /** what is wrong with the body or the query, one line each */
  readonly mistakes?: readonly string[];
  /** seconds until it makes sense to try again */
  readonly retryAfter?: number;
}

/** Ends a request with this problem. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

/** Answers with a problem; `instance` is the request's id, by which the log is searched. */
export function sendProblem(reply: FastifyReply, { retryAfter, ...problem }: Problem): FastifyReply {
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .send(JSON.stringify({ ...problem, instance: reply.request.id }));
}

export function problem(status: number, type: string, title: string, detail: string): Problem {
  return { status, type: `urn:tidemark:${type}`, title, detail };
}

const titles: Partial<Record<keyof typeof errorTypes, readonly [number, string]>> = {
  NotFound: [404, 'Not found'],
  AlreadyRunning: [409, 'Already running'],
  SourceAsksToWait: [409, 'The source said wait'],
  DestinationUnavailable: [503, 'PostgreSQL is not available'],
  TemporalUnavailable: [503, 'Temporal is not available'],
};

/** Seconds after which a source or a client may try again what was unavailable. */
const retryAfterSeconds = 5;

/**
 * What an error is for the client; undefined for defects and for wrong settings of the server's own ('Usage': what the client
 * sends is checked before), of which the response contains only the request's id.
 */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof WrongInput) return wrongRequest(error.mistakes);
  if (!(error instanceof TidemarkError)) return undefined;
  const known = titles[error.type];
  if (known === undefined) return undefined;
  const [status, title] = known;
  const retryAfter = status === 503 ? { retryAfter: retryAfterSeconds } : {};
  return { ...problem(status, error.type, title, error.message), ...retryAfter };
}

/** What was sent is not what the API takes. */
export function wrongRequest(mistakes: readonly string[]): Problem {
  const text = `The request is wrong: ${mistakes.join('; ')}`;
  return { ...problem(400, 'Usage', 'Wrong request', text), mistakes };
}

/** For work that says 'Usage' where what it was asked for is not possible now, though well-formed: 409. */
export async function refusable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.type !== 'Usage' || error instanceof WrongInput) throw error;
    throw new ProblemError(problem(409, 'Refused', 'Not possible now', error.message));
  }
}
