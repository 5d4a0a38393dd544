/// <reference lib="es2024.string" />

/**
 * Text that PostgreSQL cannot hold, in text as in jsonb: U+0000, and halves of surrogate pairs. Each of those becomes
 * U+FFFD, the replacement character. Both tests are native: tens of nanoseconds for a short string.
 */
export function storableText(text: string): string {
  return isStorable(text) ? text : text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** Whether the text holds no half of a surrogate pair. */
export function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}

/** Whether PostgreSQL can hold the text as it is. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** A value as JSON text for a jsonb parameter; strings in it, keys too, become storable. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_key, item) => {
    if (typeof item === 'string') return storableText(item);
    if (typeof item === 'bigint') return String(item);
    if (item !== null && typeof item === 'object' && !Array.isArray(item) && !Object.keys(item).every(isStorable)) {
      return Object.fromEntries(Object.entries(item).map(([key, field]) => [storableText(key), field]));
    }
    return item;
  });
}

/** Deeper nesting than this is no record but an attack on the code that walks through it. */
const deepest = 200;

/** A value nested deeper than can be read. */
export class TooDeep extends Error {
  constructor() {
    super(`it is nested more than ${deepest} levels deep`);
  }
}

/** The value itself when PostgreSQL can keep all of its text, else a copy with U+FFFD in the places. Throws TooDeep. */
export function storableValue<T>(value: T): T {
  return allStorable(value, 0) ? value : (copied(value) as T);
}

function allStorable(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return isStorable(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth > deepest) throw new TooDeep();
  if (Array.isArray(value)) {
    for (const item of value) if (!allStorable(item, depth + 1)) return false;
    return true;
  }
  for (const name in value) {
    if (!isStorable(name) || !allStorable((value as Record<string, unknown>)[name], depth + 1)) return false;
  }
  return true;
}

function copied(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [storableText(name), copied(item)]));
}
