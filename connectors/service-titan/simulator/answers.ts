import { randomUUID } from 'node:crypto';
import type { Answer } from '../../simulator/answer';

const json = { 'Content-Type': 'application/json; charset=utf-8' };

export function jsonAnswer(body: unknown): Answer {
  return { status: 200, headers: json, body: JSON.stringify(body) };
}

/** A request that is refused with 400 because of one parameter. */
export class BadRequest extends Error {
  constructor(
    readonly field: string,
    message: string,
  ) {
    super(message);
  }
}

const titles: Readonly<Record<number, string>> = {
  400: 'One or more validation errors occurred.',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  500: 'An error occurred while processing your request.',
  503: 'Service Unavailable',
};

/** The error body of the API (`ApiErrorResponse` of its OpenAPI), which that declares for 400, 404 and 409; for others it is assumed. */
export function errorAnswer(status: number, title?: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return problem(status, title ?? titles[status] ?? 'Error', {}, headers);
}

export function badRequest({ field, message }: BadRequest): Answer {
  return problem(400, titles[400] ?? '', { [field]: [message] }, {});
}

function problem(
  status: number,
  title: string,
  errors: Readonly<Record<string, readonly string[]>>,
  headers: Readonly<Record<string, string>>,
): Answer {
  const body = { type: `https://httpstatuses.io/${status}`, title, status, traceId: randomUUID(), errors, data: {} };
  return { status, headers: { ...json, ...headers }, body: JSON.stringify(body) };
}

/** Seen in a client: the API's own error body without a header, the seconds being the last word but one of the title. */
export const limitedByTitle = (seconds: number): Answer =>
  errorAnswer(429, `Rate limit is exceeded. Try again in ${seconds} seconds`);

/** Assumed of the gateway in front of it: a body of its own, and `Retry-After`. */
export const limitedByHeader = (seconds: number): Answer => ({
  status: 429,
  headers: { ...json, 'Retry-After': String(seconds) },
  body: JSON.stringify({ statusCode: 429, message: `Rate limit is exceeded. Try again in ${seconds} seconds.` }),
});

/** An error of the token endpoint as RFC 6749 words it. */
export const oauthError = (error: string, status = 400): Answer => ({
  status,
  headers: { ...json, 'Cache-Control': 'no-store' },
  body: JSON.stringify({ error }),
});

export const invalidToken: Answer = errorAnswer(401, undefined, {
  'WWW-Authenticate': 'Bearer error="invalid_token"',
});
