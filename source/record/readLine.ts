import type { z } from 'zod';
import type { LiveAnswer } from '../../schema/answer';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { type ImportedColumn, type ImportFile, importedColumns } from '../../schema/definition/importFile';
import { messageOf } from '../../schema/errors';
import { isLocalTime, toInstant } from '../../schema/localTime';
import { isStorable } from '../../schema/text/storableText';
import { type FieldReader, fieldReader, UnusableKey, usableKey } from './fields';

/** Which columns of a file are where, and what else is known of each of its lines. */
export interface LineLayout {
  readonly entity: ConnectorEntity;
  readonly definition: ImportFile;
  /** of each column that the file has, its place in a line */
  readonly places: ReadonlyMap<string, number>;
  /** how many values a line needs; more are fine while they are empty */
  readonly width: number;
  /** columns that have one value in every line */
  readonly set: Readonly<Record<string, string>>;
  readonly timeZone: string;
}

/** What a line says: a row, or why it cannot be one. Messages quote no value. */
export type ReadLine = LiveAnswer | { readonly problem: string };

interface Reader extends ImportedColumn {
  readonly schema: z.ZodType;
  /** undefined: the value is set */
  readonly place: number | undefined;
  readonly given: string;
  readonly date: DateReader | undefined;
}

/** The columns that lines of this layout fill, in the order of the row. */
export function filledColumns({
  entity,
  definition,
  places,
  set,
}: Omit<LineLayout, 'width' | 'timeZone'>): ImportedColumn[] {
  return importedColumns(definition, entity.columns).filter(({ name }) => places.has(name) || Object.hasOwn(set, name));
}

/** Reads lines of this layout, one after another. */
export function lineReader(layout: LineLayout): (fields: readonly string[]) => ReadLine {
  const { entity, definition, places, set, width, timeZone } = layout;
  const shape = entity.row.shape as Readonly<Record<string, z.ZodType>>;
  const readers = filledColumns(layout).flatMap((column): Reader[] => {
    const schema = shape[column.name];
    const fixed = Object.hasOwn(set, column.name);
    const place = fixed ? undefined : places.get(column.name);
    const date = column.format === undefined ? undefined : dateReader(column.format);
    return schema === undefined ? [] : [{ ...column, schema, place, given: set[column.name] ?? '', date }];
  });
  const key = fieldReader(definition.key as string | FieldReader);
  return (fields) => {
    const { length } = fields;
    if (length < width) return { problem: `it has ${length} values, but there are ${width} headers` };
    if (length > width && fields.slice(width).some((value) => value.trim() !== ''))
      return { problem: `it has ${length} values, but there are ${width} headers` };
    const row: Record<string, unknown> = {};
    const values: Record<string, unknown> = {};
    for (const reader of readers) {
      const text = (reader.place === undefined ? reader.given : (fields[reader.place] ?? '')).trim();
      if (!isStorable(text)) return { problem: `${reader.name} contains a NUL character or half of one` };
      const normal = text === '' ? '' : (reader.normalise?.(text) ?? text);
      if (text !== '' && normal === '') return { problem: `${reader.name} is not written as it must be` };
      const read = readValue(reader, normal, timeZone);
      if (read === undefined) {
        return normal === ''
          ? { problem: `${reader.name} is empty` }
          : { problem: `${reader.name} is not a ${typeName(reader)}` };
      }
      row[reader.name] = read.value;
      values[reader.name] = read.value;
    }
    try {
      return { id: usableKey(key(values), 'key'), version: null, row, raw: null };
    } catch (error) {
      return { problem: error instanceof UnusableKey ? error.message : `its key cannot be read: ${messageOf(error)}` };
    }
  };
}

function typeName({ type, format }: Reader): string {
  if (format !== undefined) return `${type === 'date' ? 'date' : 'time'} written as ${format}`;
  return type === 'text' ? 'value that the row schema takes' : type;
}

/** The value of a text in a column; undefined where it is none. */
function readValue(reader: Reader, text: string, timeZone: string): { readonly value: unknown } | undefined {
  for (const candidate of candidates(reader, text, timeZone)) {
    const parsed = reader.schema.safeParse(candidate);
    if (parsed.success) return { value: parsed.data ?? null };
  }
  return undefined;
}

const yes = new Set(['true', 'yes', 'y', '1']);
const no = new Set(['false', 'no', 'n', '0']);
const exact = /^[+-]?\d{1,15}$/;
const decimalText = /^[+-]?(\d+\.?\d*|\.\d+)$/;

/** What a text may stand for in a column of this type, most exact first. */
function candidates({ type, date }: Reader, text: string, timeZone: string): unknown[] {
  if (text === '') return [null, undefined];
  if (type === 'text' || type === 'uuid') return [text];
  if (type === 'date') {
    const read = date === undefined ? text : date(text)?.slice(0, 10);
    return read === undefined || !isDay(read) ? [] : [read];
  }
  if (type === 'timestamp with time zone') {
    const local = date === undefined ? text : date(text);
    if (local === undefined) return [];
    try {
      return [isLocalTime(local) ? toInstant(local, timeZone) : local];
    } catch {
      return [];
    }
  }
  if (type === 'boolean') {
    const word = text.toLowerCase();
    return yes.has(word) ? [true] : no.has(word) ? [false] : [];
  }
  if (type === 'jsonb') {
    try {
      return [JSON.parse(text)];
    } catch {
      return [];
    }
  }
  if (/^(bigint|integer|smallint)/.test(type)) return exact.test(text) ? [Number(text), text] : [];
  if (/^(numeric|double|real)/.test(type)) return decimalText.test(text) ? [text, Number(text)] : [];
  return [text];
}

/** A text in the form of the format as `2026-03-13T00:00:00`; undefined where it is not in that form. */
type DateReader = (text: string) => string | undefined;

function dateReader(format: string): DateReader {
  const order: string[] = [];
  const pattern = format.replace(/DD|MM|YYYY|HH|mm|ss|[-/.]|[ T:]/g, (token) => {
    if (/^[-/.]$/.test(token)) return '[-/.]';
    if (/^[ T:]$/.test(token)) return token === ' ' ? '\\s+' : token;
    order.push(token);
    return token === 'YYYY' ? '(\\d{4})' : '(\\d{1,2})';
  });
  const form = new RegExp(`^${pattern}$`);
  return (text) => {
    const parts = form.exec(text);
    if (parts === null) return undefined;
    const of = (token: string) => (parts[order.indexOf(token) + 1] ?? '').padStart(2, '0');
    const time = (token: string) => (order.includes(token) ? of(token) : '00');
    const day = `${of('YYYY')}-${of('MM')}-${of('DD')}`;
    return isDay(day) ? `${day}T${time('HH')}:${time('mm')}:${time('ss')}` : undefined;
  };
}

function isDay(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  const at = Date.UTC(Number(year), Number(month) - 1, Number(day));
  return !Number.isNaN(at) && new Date(at).getUTCDate() === Number(day) && Number(year) > 0;
}
