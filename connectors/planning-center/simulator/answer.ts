import type { Answer } from '../../simulator/answer';

const json = { 'Content-Type': 'application/vnd.api+json; charset=utf-8' };

export function jsonAnswer(body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, headers: { ...json, ...headers }, body: JSON.stringify(body) };
}

/** The wording that people have seen of the real API (planningcenter/developers, the issue named next to each). */
const published: Readonly<Record<number, { title: string; detail: string }>> = {
  // assumed; the documentation names only the status
  400: { title: 'Bad Request', detail: 'Something is wrong in your request' },
  // issue 1187
  401: {
    title: 'Unauthorized',
    detail: 'This request could not be authenticated. Error Code Hint: (TRASH_PANDA)',
  },
  // issue 505
  403: { title: 'Forbidden', detail: 'You do not have access to this resource' },
  // issue 994
  404: { title: 'Not Found', detail: 'The resource you requested could not be found' },
  // issue 1428
  500: {
    title: 'Internal Server Error',
    detail:
      "An internal server error occurred on our end and we've been notified. Please contact support if the issue persists.",
  },
  // assumed
  503: { title: 'Service Unavailable', detail: "We're temporarily offline for maintenance. Please try again later." },
};

/** An error as the API words it: `{"errors":[{"status":"404","title":"Not Found","detail":"…"}]}`. */
export function errorAnswer(status: number, detail?: string, headers: Readonly<Record<string, string>> = {}): Answer {
  if (status === 429)
    return rateLimitAnswer(detail ?? 'Rate limit exceeded: 101 of 100 requests per 20 seconds', headers);
  const known = published[status] ?? { title: 'Error', detail: 'Something went wrong' };
  const error = { status: String(status), title: known.title, detail: detail ?? known.detail };
  return { status, headers: { ...json, ...headers }, body: JSON.stringify({ errors: [error] }) };
}

/** docs: overview/rate-limiting shows this body and `application/json`. */
function rateLimitAnswer(detail: string, headers: Readonly<Record<string, string>>): Answer {
  const body = JSON.stringify({ errors: [{ code: '429', detail }] });
  return { status: 429, headers: { 'Content-Type': 'application/json', ...headers }, body };
}

/** Wrong or missing basic authentication is answered in plain words, not JSON (issues 105 and 1319). */
export const accessDenied: Answer = {
  status: 401,
  headers: { 'Content-Type': 'text/html; charset=utf-8', 'WWW-Authenticate': 'Basic realm="Application"' },
  body: 'HTTP Basic: Access denied.\n',
};
