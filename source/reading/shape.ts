import { preview } from '../../schema/text/preview';

/** What APIs call their own words about a failure, as opposed to a record's content. */
const ofAnError = /^(errors?|error_\w+|message|reason|code|detail)$/i;
const keysAtMost = 20;

/**
 * How a body is built: its keys, and of values only what an API says of an error. Messages of failures end up in logs and
 * histories, where the content of records has no business.
 */
export function shapeOf(body: unknown): string {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return kind(body);
  const keys = Object.keys(body);
  const parts = keys
    .slice(0, keysAtMost)
    .map((key) => [key, (body as Record<string, unknown>)[key]] as const)
    .map(([key, value]) => `${name(key)}: ${ofAnError.test(key) ? words(value) : kind(value)}`);
  const more = keys.length > keysAtMost ? ', …' : '';
  return `{ ${parts.join(', ')}${more} }`;
}

/** Keys can be content too, such as an address in a map of people. */
function name(key: string): string {
  return /^[A-Za-z_$][\w-]{0,39}$/.test(key) ? key : '…';
}

function words(value: unknown): string {
  return value === undefined ? 'nothing' : preview(value, 300);
}

function kind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
