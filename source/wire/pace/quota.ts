import type { QuotaSigns, RateLimitReset } from '../../../schema/definition/rateLimit';
import type { Reply } from '../http';
import { longestWaitMs, retryAfter } from './retryAfter';
import { waitInBody } from './waitInBody';

/** Statuses by which sources report a used-up quota; a 403 does so only with a header that says until when. */
const builtIn: readonly number[] = [403, 429, 503];
const secondsAt: Readonly<Record<RateLimitReset['unit'], number>> = {
  seconds: 1000,
  'epoch-seconds': 1000,
  'epoch-milliseconds': 1,
};

/**
 * How long a reply asks to wait, in milliseconds, at most a day; undefined where it does not say that a quota is used up.
 * Recognised: the declared reset header; `Retry-After`; where nothing remains, `X-RateLimit-Reset` or `RateLimit-Reset` (seconds, or
 * seconds or milliseconds since 1970) and the field `RateLimit` of the IETF draft; and the declared place in the body. Instants are compared with the reply's own `Date`, so
 * that clocks apart don't matter.
 */
export function quotaWait(reply: Reply, signs: QuotaSigns = {}): number | undefined {
  return inHeaders(reply, signs.reset) ?? inBody(reply, signs);
}

function inBody(reply: Reply, { retryAfter: place }: QuotaSigns): number | undefined {
  const asked = place && waitInBody(reply, place);
  return asked === undefined ? undefined : bounded(asked);
}

function inHeaders(reply: Reply, declared: RateLimitReset | undefined): number | undefined {
  const { status, headers } = reply;
  const now = sourceNow(reply);
  if (declared?.statuses.includes(status)) {
    const value = numeric(headers[declared.header.toLowerCase()]);
    if (value !== undefined) {
      const milliseconds = value * secondsAt[declared.unit];
      return bounded(declared.unit === 'seconds' ? milliseconds : milliseconds - now);
    }
  }
  if (!builtIn.includes(status)) return undefined;
  const asked = retryAfter(headers['retry-after'], now);
  if (asked !== undefined) return asked;
  if (status === 503) return undefined;
  const { remaining, reset } = told(headers);
  if (reset === undefined || (status === 403 && remaining !== 0)) return undefined;
  return bounded(reset > 1e11 ? reset - now : reset > 1e9 ? reset * 1000 - now : reset * 1000);
}

/**
 * What of a reply says wait, as `Retry-After: 3600`: the declared header, or the first of those that `quotaWait` reads, or the place in
 * the body.
 */
export function waitSaidBy(reply: Reply, signs: QuotaSigns = {}): string {
  const { status, headers } = reply;
  const asDeclared = signs.reset?.statuses.includes(status) ? [signs.reset.header] : [];
  const name = [...asDeclared, ...waitHeaders].find((one) => headers[one.toLowerCase()] !== undefined);
  const asked = inHeaders(reply, signs.reset) === undefined ? inBody(reply, signs) : undefined;
  if (asked !== undefined) return `${Math.ceil(asked / 1000)} s in '${signs.retryAfter?.path}' of its body`;
  return name === undefined ? 'no header that says how long' : `${name}: ${headers[name.toLowerCase()]}`;
}

const waitHeaders = ['Retry-After', 'X-RateLimit-Reset', 'X-Rate-Limit-Reset', 'RateLimit-Reset', 'RateLimit'];

/** The source's time where its reply gave it, else ours, in milliseconds since 1970. */
export function sourceNow(reply: Pick<Reply, 'headers' | 'received'>): number {
  const stamped = Date.parse(reply.headers.date ?? '');
  return Number.isNaN(stamped) ? reply.received : stamped;
}

function told(headers: Reply['headers']): { remaining: number | undefined; reset: number | undefined } {
  const named = (name: string) =>
    numeric(headers[`x-ratelimit-${name}`] ?? headers[`x-rate-limit-${name}`] ?? headers[`ratelimit-${name}`]);
  const field = headers.ratelimit ?? '';
  const inField = (pattern: RegExp) => numeric(pattern.exec(field)?.[1]);
  return {
    remaining: named('remaining') ?? inField(/(?:^|[;,\s])(?:remaining|r)=(\d{1,15})/),
    reset: named('reset') ?? inField(/(?:^|[;,\s])(?:reset|t)=(\d{1,15})/),
  };
}

function numeric(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? '';
  return /^\d{1,15}(\.\d{1,9})?$/.test(trimmed) ? Number(trimmed) : undefined;
}

function bounded(milliseconds: number): number {
  return Math.min(Math.max(0, Math.ceil(milliseconds)), longestWaitMs);
}
