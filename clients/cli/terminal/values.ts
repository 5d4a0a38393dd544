import { InvalidArgumentError } from 'commander';
import ms, { type StringValue } from 'ms';

/** Readers for option values; what they throw becomes commander's sentence and exit status 2. */

export function wholeNumber({ min, max }: { readonly min: number; readonly max: number }): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

/** `key=value`, collected over repeated options. */
export function keyValue(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write it as key=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

export function durationText(text: string): string {
  if (!isDuration(text)) throw new InvalidArgumentError("Write a number and a unit, such as '15m' or '30s'.");
  return text;
}

/** `06:00-20:00` */
export function hours(text: string): { readonly from: string; readonly to: string } {
  const [, from, to] = /^(\d{2}:\d{2})-(\d{2}:\d{2})$/.exec(text) ?? [];
  if (from === undefined || to === undefined) throw new InvalidArgumentError("Write them as '06:00-20:00'.");
  return { from, to };
}

/** `03:00`, `24h` or `off` */
export function reconciliation(text: string): { readonly at: string } | { readonly every: string } | false {
  if (text === 'off') return false;
  if (/^\d{2}:\d{2}$/.test(text)) return { at: text };
  if (isDuration(text)) return { every: text };
  throw new InvalidArgumentError("Write a time of day ('03:00'), an interval ('24h') or 'off'.");
}

/** As `schema/duration` has it, without zod, which would be half of the time that --help takes. */
function isDuration(text: string): boolean {
  return text.trim() !== '' && text.length <= 50 && ms(text as StringValue) > 0;
}
