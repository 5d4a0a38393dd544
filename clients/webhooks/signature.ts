import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { signedTemplate, type WebhookSignature } from '../../schema/definition/webhooks';
import { parseDuration } from '../../schema/duration';

export type DeliveryHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** `stale`: signed by the source, but its timestamp is further away than the tolerance: a replay, or clocks apart. */
export type Verdict = 'valid' | 'missing' | 'wrong' | 'stale';

/** A source sends a handful during rotation; more is an attempt to keep us busy. */
const signaturesAtMost = 32;

/**
 * The keys in a secret's text: one a line while one replaces another. `base64` keys may have `whsec_` before them, as
 * Standard Webhooks writes them.
 */
export function signingKeys(rules: WebhookSignature, secret: string): Buffer[] {
  return secretTexts(secret)
    .map((line) =>
      rules.secretEncoding === 'base64'
        ? Buffer.from(line.replace(/^whsec_/, ''), 'base64')
        : Buffer.from(line, 'utf8'),
    )
    .filter((key) => key.length > 0);
}

/** The secrets in a secret's text, one a line. */
export function secretTexts(secret: string): string[] {
  return secret
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/**
 * Whether a delivery's signature is right, computed over the raw bytes and compared in constant time. Every signature is
 * compared with every key, so that the time reveals nothing about which was near. A scheme without keys verifies nothing.
 */
export function verifySignature(
  rules: WebhookSignature,
  keys: readonly Buffer[],
  { headers, body }: { readonly headers: DeliveryHeaders; readonly body: Buffer },
  nowMs: number,
): Verdict {
  const given = one(headers, rules.header);
  const signed = signedContent(rules, headers, body);
  if (given === undefined || signed === undefined) return 'missing';
  const expected = keys.map((key) => digestOf(rules, key, signed));
  let matches = 0;
  for (const candidate of candidatesIn(rules, given)) {
    const digest = decode(rules, candidate);
    if (digest === undefined) continue;
    for (const right of expected) if (digest.length === right.length && timingSafeEqual(digest, right)) matches++;
  }
  if (matches === 0) return 'wrong';
  const isTimed = signedTemplate(rules.over).includes('{timestamp}');
  return isTimed && !isRecent(rules, headers, nowMs) ? 'stale' : 'valid';
}

function digestOf({ algorithm }: WebhookSignature, key: Buffer, signed: readonly (string | Buffer)[]): Buffer {
  // hashed, so that two texts of different lengths take as long to compare
  if (algorithm === 'shared-secret') return createHash('sha256').update(key).digest();
  const hmac = createHmac(algorithm, key);
  for (const part of signed) hmac.update(part);
  return hmac.digest();
}

/** The signatures in the header. */
function candidatesIn(rules: WebhookSignature, given: string): string[] {
  const { separator, fields } = rules;
  if (fields) return fieldsIn(rules, given, fields.signature).slice(0, signaturesAtMost);
  return (separator === undefined ? [given] : given.split(separator).slice(0, signaturesAtMost)).map((one) =>
    one.trim(),
  );
}

/** The values of one name among `name=value` pairs. */
function fieldsIn({ separator = ',' }: WebhookSignature, given: string, name: string): string[] {
  return given.split(separator).flatMap((pair) => {
    const at = pair.indexOf('=');
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : [];
  });
}

/** The timestamp, of a header of its own or beside the signature, where it must stand once. */
function timestampOf(rules: WebhookSignature, headers: DeliveryHeaders): string | undefined {
  if (rules.timestampHeader !== undefined) return one(headers, rules.timestampHeader);
  const given = one(headers, rules.header);
  if (given === undefined || rules.fields?.timestamp === undefined) return undefined;
  const found = fieldsIn(rules, given, rules.fields.timestamp);
  return found.length === 1 ? found[0] : undefined;
}

/** The parts that are signed, one after another; undefined when a header among them is missing. */
function signedContent(
  rules: WebhookSignature,
  headers: DeliveryHeaders,
  body: Buffer,
): (string | Buffer)[] | undefined {
  const signed: (string | Buffer)[] = [];
  for (const part of signedTemplate(rules.over).split(/(\{(?:timestamp|id|body)\})/)) {
    const filled = partOf(part);
    if (filled === undefined) return undefined;
    signed.push(filled);
  }
  return signed;

  function partOf(part: string): string | Buffer | undefined {
    if (part === '{body}') return body;
    if (part === '{timestamp}') return timestampOf(rules, headers);
    return part === '{id}' ? one(headers, rules.idHeader) : part;
  }
}

function decode({ prefix, encoding, algorithm }: WebhookSignature, candidate: string): Buffer | undefined {
  if (!candidate.startsWith(prefix)) return undefined;
  const text = candidate.slice(prefix.length);
  if (algorithm === 'shared-secret') return createHash('sha256').update(text).digest();
  if (encoding === 'hex') return /^([0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}

/** Seconds or milliseconds since 1970, or ISO 8601. */
function isRecent(rules: WebhookSignature, headers: DeliveryHeaders, nowMs: number): boolean {
  const text = timestampOf(rules, headers) ?? '';
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  // as seconds, 1e11 is in the year 5138
  const at = Number.isNaN(number) ? Date.parse(text) : number < 1e11 ? number * 1000 : number;
  return Math.abs(nowMs - at) <= parseDuration(rules.tolerance);
}

/** A header that must be there once. */
function one(headers: DeliveryHeaders, name: string | undefined): string | undefined {
  const value = name === undefined ? undefined : headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
