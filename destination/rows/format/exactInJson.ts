import { randomUUID } from 'node:crypto';
import type { LiveAnswer } from '../../../schema/answer';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { longNumbers } from '../../../schema/json/longNumbers';
import { SourceText } from '../../../schema/json/sourceText';
import { contentColumns } from './rowFormat';

/** Stands before digits that are to be a number in JSON text; no source can know it. */
const mark = randomUUID();
const marked = new RegExp(`"${mark}(-?[0-9.eE+-]+)"`, 'g');

/** Digits in quotes, as a mapping gets a number that no double holds: many, or with an exponent. */
const quotedNumber = /"-?\d(?:[\d.]{14,}|[\d.]*[eE])[\d.eE+-]*"/;

/**
 * A value of a jsonb column in which numbers of the record that no double holds, which a mapping gets as text, are marked as numbers
 * again: where a text has the digits of such a number under the same name, or where the record has no text of the same digits.
 * Make the JSON text by `withExactNumbers`.
 */
export function exactValue(value: unknown, { raw }: Pick<LiveAnswer, 'raw'>): unknown {
  if ((typeof value !== 'object' && typeof value !== 'string') || value === null || !(raw instanceof SourceText))
    return value;
  if (!mayHoldLongNumbers(JSON.stringify(value) ?? '')) return value;
  const numbers = longNumbers(raw.text);
  return numbers.size === 0 ? value : remade(value, '', numbers, raw.text);
}

/** Whether JSON text of a value has anything that `exactValue` would look at. */
export function mayHoldLongNumbers(json: string): boolean {
  return quotedNumber.test(json);
}

function remade(value: unknown, name: string, numbers: ReturnType<typeof longNumbers>, record: string): unknown {
  if (typeof value === 'string') {
    const names = numbers.get(value);
    if (names === undefined) return value;
    return names.has(name) || !record.includes(`"${value}"`) ? `${mark}${value}` : value;
  }
  if (Array.isArray(value)) return value.map((element) => remade(element, name, numbers, record));
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, remade(inner, key, numbers, record)]));
}

/** JSON text of values that went through `exactValue`, with the marked numbers digit by digit. */
export function withExactNumbers(json: string): string {
  return json.includes(mark) ? json.replace(marked, '$1') : json;
}

/** A row's columns, its jsonb ones with marked numbers; for `withExactNumbers`. */
export function exactRow(entity: ConnectorEntity, answer: LiveAnswer): Readonly<Record<string, unknown>> {
  const json = contentColumns(entity).filter(({ type }) => type === 'jsonb');
  if (json.length === 0) return answer.row;
  return { ...answer.row, ...Object.fromEntries(json.map(({ name }) => [name, exactValue(answer.row[name], answer)])) };
}
