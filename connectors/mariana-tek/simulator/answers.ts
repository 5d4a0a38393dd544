import type { Answer } from '../../simulator/answer';

const json = { 'Content-Type': 'application/json' };

export function jsonAnswer(body: unknown): Answer {
  return { status: 200, headers: json, body: JSON.stringify(body) };
}

const details: Readonly<Record<number, string>> = {
  400: 'Bad request.',
  401: 'Authentication credentials were not provided.',
  403: 'You do not have permission to perform this action.',
  404: 'Not found.',
  405: 'Method not allowed.',
  500: 'Internal server error.',
  503: 'Service unavailable.',
};

/** An error as Django REST framework words it. Of the API itself, only the text of the 401 was seen. */
export function errorAnswer(status: number, detail?: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const body = { detail: detail ?? details[status] ?? 'Error.' };
  return { status, headers: { ...json, ...headers }, body: JSON.stringify(body) };
}

/** Assumed: the limits of the API are unpublished; its clients read `Retry-After`. */
export function throttled(seconds: number): Answer {
  return errorAnswer(429, `Request was throttled. Expected available in ${seconds} seconds.`, {
    'Retry-After': String(seconds),
  });
}

/** An error of the token endpoint as RFC 6749 words it. */
export function oauthError(error: string, status = 400): Answer {
  return { status, headers: { ...json, 'Cache-Control': 'no-store' }, body: JSON.stringify({ error }) };
}

/** A storage host speaks XML, and refuses a request that has both a signature and a token. */
export function storageError(status: number, code: string): Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code></Error>`;
  return { status, headers: { 'Content-Type': 'application/xml' }, body };
}
