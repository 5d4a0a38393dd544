import type { RateLimitRetryAfter } from '../../../schema/definition/rateLimit';
import { valueAt } from '../../../schema/json/json';
import type { Reply } from '../http';

/** An error that is longer is not searched for a number. */
const longestBody = 65_536;
const longestText = 2_000;
const millisecondsIn: Readonly<Record<RateLimitRetryAfter['unit'], number>> = {
  milliseconds: 1,
  seconds: 1_000,
  minutes: 60_000,
};

/** The milliseconds that the body of a reply asks to wait, at the declared place; undefined where it does not say. */
export function waitInBody(
  { status, body }: Pick<Reply, 'status' | 'body'>,
  { path, text, unit, statuses }: RateLimitRetryAfter,
): number | undefined {
  if (!statuses.includes(status) || body.length > longestBody) return undefined;
  const value = valueAt(parsed(body), path);
  const number = typeof value === 'string' ? numberIn(value.slice(0, longestText), text ?? '{wait}') : value;
  if (typeof number !== 'number' || !Number.isFinite(number) || number < 0) return undefined;
  return number * millisecondsIn[unit];
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/**
 * The number that has the template's words next to it, whatever their case. One pass over the text: each number is looked at once, with as
 * many characters around it as the template has.
 */
function numberIn(text: string, template: string): number | undefined {
  const [before = '', after = ''] = template.toLowerCase().split('{wait}');
  const lower = text.trim().toLowerCase();
  const alone = before === '' && after === '';
  for (const { 0: digits, index } of lower.matchAll(/\d+(?:\.\d+)?/g)) {
    const end = index + digits.length;
    if (alone ? digits.length !== lower.length : !fits(lower, index, end, before, after)) continue;
    return digits.length <= 15 ? Number(digits) : undefined;
  }
  return undefined;
}

function fits(text: string, from: number, to: number, before: string, after: string): boolean {
  return from >= before.length && text.startsWith(before, from - before.length) && text.startsWith(after, to);
}
