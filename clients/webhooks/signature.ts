import { createHmac, timingSafeEqual } from 'node:crypto';
import type { WebhookSignature } from '../../schema/definition/webhooks';
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
  return secret
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) =>
      rules.secretEncoding === 'base64'
        ? Buffer.from(line.replace(/^whsec_/, ''), 'base64')
        : Buffer.from(line, 'utf8'),
    )
    .filter((key) => key.length > 0);
}

/**
 * Whether a delivery's signature is right, computed over the raw bytes and compared in constant time. Every signature is
 * compared with every key, so that the time tells nothing of which was near. A scheme without keys verifies nothing.
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
  const expected = keys.map((key) => {
    const hmac = createHmac(rules.algorithm, key);
    for (const part of signed) hmac.update(part);
    return hmac.digest();
  });
  const candidates = rules.separator === undefined ? [given] : given.split(rules.separator).slice(0, signaturesAtMost);
  let matches = 0;
  for (const candidate of candidates) {
    const digest = decode(rules, candidate.trim());
    if (digest === undefined) continue;
    for (const right of expected) if (digest.length === right.length && timingSafeEqual(digest, right)) matches++;
  }
  if (matches === 0) return 'wrong';
  return rules.over !== 'body' && !isRecent(rules, headers, nowMs) ? 'stale' : 'valid';
}

/** The parts that are signed, one after another; undefined when a header among them is missing. */
function signedContent(
  rules: WebhookSignature,
  headers: DeliveryHeaders,
  body: Buffer,
): (string | Buffer)[] | undefined {
  if (rules.over === 'body') return [body];
  const timestamp = one(headers, rules.timestampHeader);
  if (timestamp === undefined) return undefined;
  if (rules.over === 'timestamp.body') return [`${timestamp}.`, body];
  const id = one(headers, rules.idHeader);
  return id === undefined ? undefined : [`${id}.${timestamp}.`, body];
}

function decode({ prefix, encoding }: WebhookSignature, candidate: string): Buffer | undefined {
  if (!candidate.startsWith(prefix)) return undefined;
  const text = candidate.slice(prefix.length);
  if (encoding === 'hex') return /^([0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}

/** Seconds or milliseconds since 1970, or ISO 8601. */
function isRecent(rules: WebhookSignature, headers: DeliveryHeaders, nowMs: number): boolean {
  const text = one(headers, rules.timestampHeader) ?? '';
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
