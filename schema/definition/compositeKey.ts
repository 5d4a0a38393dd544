import { type JsonObject, valueAt } from '../json/json';

/** A part of a key: the path of a field, or the path and a function that makes different spellings of its text one. */
export type KeyPart = string | { readonly path: string; readonly normalise: (text: string) => string };

/** The key of a record, which knows the record's further keys. */
export interface CompositeKey {
  (record: JsonObject): string | undefined;
  /** every key that the record has, the first is its own */
  readonly keysOf: (record: JsonObject) => string[];
}

/**
 * A key of several fields, with fallbacks: `compositeKey(['bookingNo', 'phone'], ['phone', 'name', 'store'])` takes the first
 * list of fields whose values are all present. Values are joined so that different lists can't give the same key.
 *
 * A record that gets a better key later (a lead that is booked) keeps its row: where no row has its first key, and exactly one live row
 * is named by another of its keys, that row gets the first key, with whatever else is in it. Where several are, the record is set aside.
 * `{ path: 'phone', normalise: lastDigits(10) }` makes different spellings one; a text that it makes empty is not there. To change
 * it gives records other keys, like any other change of `key`.
 */
export function compositeKey(...choices: readonly (readonly KeyPart[])[]): CompositeKey {
  const keysOf = (record: JsonObject) => [
    ...new Set(choices.flatMap((parts) => joined(parts.map((part) => partOf(record, part))) ?? [])),
  ];
  return Object.assign((record: JsonObject) => keysOf(record)[0], { keysOf });
}

/** Whether a key was made by `compositeKey`. */
export function isComposite(key: unknown): key is CompositeKey {
  return typeof key === 'function' && 'keysOf' in key && typeof key.keysOf === 'function';
}

/** The last digits of a text, such as of a phone number: `+91 98765-43210` and `09876543210` are one. Fewer digits are none. */
export function lastDigits(count: number): (text: string) => string {
  return (text) => {
    const digits = text.replace(/\D/g, '');
    return digits.length < count ? '' : digits.slice(-count);
  };
}

/** A text without spaces around it, in lower case, with single spaces inside. */
export function folded(text: string): string {
  return text.trim().toLowerCase().replace(/\s+/g, ' ');
}

function joined(values: readonly (string | undefined)[]): string | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length < values.length ? undefined : known.map((value) => value.replace(/[\\|]/g, '\\$&')).join('|');
}

function partOf(record: JsonObject, part: KeyPart): string | undefined {
  const { path, normalise } = typeof part === 'string' ? { path: part, normalise: (text: string) => text } : part;
  const value = valueAt(record, path);
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? normalise(value.trim()) : '';
  return text.trim() === '' ? undefined : text.trim();
}
