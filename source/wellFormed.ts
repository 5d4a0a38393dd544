/// <reference lib="es2024.string" />

/**
 * Text that PostgreSQL cannot keep: U+0000, which neither text nor jsonb can hold, and halves of surrogate pairs, which
 * are no character. Both are replaced by U+FFFD wherever they stand in a row or a record.
 */

/** Whether the text holds no half of a surrogate pair. */
export function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}

/** Whether PostgreSQL can keep the text as it is. Both tests are native: tens of nanoseconds for a short string. */
export function canBeKept(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

/** The text as PostgreSQL can keep it. */
export function keepable(text: string): string {
  return canBeKept(text) ? text : text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** Deeper nesting than this is no record but an attack on whoever walks through it. */
const deepest = 200;

/** A value nested deeper than can be read. */
export class TooDeep extends Error {
  constructor() {
    super(`it is nested more than ${deepest} levels deep`);
  }
}

/** The value itself when PostgreSQL can keep all of its text, else a copy with U+FFFD in the places. Throws TooDeep. */
export function keepableValue<T>(value: T): T {
  return allKeepable(value, 0) ? value : (copied(value) as T);
}

function allKeepable(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return canBeKept(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth > deepest) throw new TooDeep();
  if (Array.isArray(value)) {
    for (const item of value) if (!allKeepable(item, depth + 1)) return false;
    return true;
  }
  for (const name in value) {
    if (!canBeKept(name) || !allKeepable((value as Record<string, unknown>)[name], depth + 1)) return false;
  }
  return true;
}

function copied(value: unknown): unknown {
  if (typeof value === 'string') return keepable(value);
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [keepable(name), copied(item)]));
}
