import { z } from 'zod';

/** Digits of a number written out, beyond which it is no amount but an attack: `1e131071` is nine bytes and 128 kB in PostgreSQL. */
export const mostDigits = 1_000;

const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,9}))?$/;

interface Decimal {
  readonly negative: boolean;
  /** without zeros at either end; '' is zero */
  readonly digits: string;
  /** of ten, behind the last digit */
  readonly exponent: number;
}

/** The value of a decimal literal (`-12.50`, `1E400`); undefined where the text is none. */
function decimalOf(text: string): Decimal | undefined {
  const [, sign, whole, fraction = '', exponent = '0'] = parts.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const all = whole + fraction;
  let from = 0;
  let to = all.length;
  while (from < to && all.charCodeAt(from) === 0x30) from += 1;
  while (to > from && all.charCodeAt(to - 1) === 0x30) to -= 1;
  const digits = all.slice(from, to);
  return {
    negative: sign === '-' && digits !== '',
    digits,
    exponent: digits === '' ? 0 : Number(exponent) - fraction.length + (all.length - to),
  };
}

/** Whether the text is a decimal number, such as `12.50` or `1E400`. */
export function isDecimal(text: string): boolean {
  return parts.test(text);
}

/**
 * Whether a JavaScript number holds the literal: it is finite, and written out again it has the same value. `0.1` and
 * `100.10` are held, `12345678901234.5678` and `1e400` are not; integers are held up to 2^53.
 */
export function isHeldByNumber(literal: string): boolean {
  const number = Number(literal);
  if (!Number.isFinite(number)) return false;
  // most fractions; what is compared below takes ten times as long
  if (!Number.isInteger(number) && String(number) === literal) return true;
  const sent = decimalOf(literal);
  const held = decimalOf(String(number));
  if (sent === undefined || held === undefined) return false;
  if (sent.exponent >= 0 && !Number.isSafeInteger(number) && !/[.eE]/.test(literal)) return false;
  return sent.digits === held.digits && sent.exponent === held.exponent && sent.negative === held.negative;
}

/** How many digits the number has when it is written out without an exponent. */
export function digitsOf(literal: string): number {
  const value = decimalOf(literal);
  if (value === undefined) return Number.POSITIVE_INFINITY;
  const { digits, exponent } = value;
  return exponent >= 0 ? digits.length + exponent : Math.max(digits.length, -exponent);
}

/**
 * An exact decimal number, in a record schema or as a column (`numeric`): `amount: decimal()`. Takes a number, a bigint, or
 * the number as text, and gives text. Numbers that a JavaScript number cannot hold exactly (more than 15 to 17 digits,
 * integers beyond 2^53) reach record schema and mapping as text of the source's digits, so `z.number()` refuses them.
 */
export function decimal() {
  const text = z.string().refine((value) => isDecimal(value) && digitsOf(value) <= mostDigits, {
    error: `must be a decimal number of at most ${mostDigits} digits`,
  });
  return z
    .union([z.number(), z.bigint(), text])
    .transform((value) => String(value))
    .meta({ column: 'numeric' });
}
