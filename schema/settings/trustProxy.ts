import { isIP } from 'node:net';
import { z } from 'zod';

/**
 * Whose word on a client's address is believed: that of this many proxies before the server, or of proxies at these addresses. There is no
 * "everybody": a client that may name its own address is limited by none.
 */
export type TrustProxy = number | string[];

const namedRanges = ['loopback', 'linklocal', 'uniquelocal'];

/** `TRUST_PROXY`: a number of proxies, or addresses, ranges and names of ranges, separated by commas. */
export const trustProxy = z
  .string()
  .transform((text): TrustProxy => {
    const words = text.split(',').map((word) => word.trim());
    return /^[1-9]$/.test(text.trim()) ? Number(text) : words;
  })
  .refine((trusted) => typeof trusted === 'number' || trusted.every(isTrustable), {
    error:
      "names no proxies: write how many there are before the server (1 to 9), or their addresses, such as '10.0.0.0/8,127.0.0.1' or 'loopback'",
  });

function isTrustable(word: string): boolean {
  if (namedRanges.includes(word)) return true;
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(word) ?? [];
  const version = isIP(address);
  if (version === 0) return false;
  // a range of everything would be every client
  return bits === undefined || (Number(bits) >= 1 && Number(bits) <= (version === 4 ? 32 : 128));
}
