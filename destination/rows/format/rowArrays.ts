import { SourceText } from '../../../schema/json/sourceText';

/**
 * Columns of a batch as array parameters in PostgreSQL's binary format: header, then length and bytes of each value
 * (src/backend/utils/adt/arrayfuncs.c, array_recv). A batch as one JSON parameter took twice the time in PostgreSQL, which
 * has to build a jsonb of everything first and look up each field in it; array literals are quoted and unquoted by character.
 */

/** Type oids of pg_type, which are fixed for built-in types. */
const oids = { text: 25, jsonb: 3802, timestamptz: 1184 } as const;
/** what the binary form of a jsonb begins with */
const jsonbVersion = 1;
const headerBytes = 20;
/** most bytes of UTF-8 for one unit of a JavaScript string */
const bytesAUnit = 3;
/** Up to here a loop over plain ASCII is quicker than a call into Node's native code. */
const shortText = 24;
/** what PostgreSQL counts its microseconds from: the year 2000, in milliseconds since 1970 */
const epoch = 946_684_800_000;

/**
 * Elements are put together here, where there is room for the longest that they can become, and copied out as long as they
 * are. A buffer of that room for each column made the garbage collector run through everything again and again.
 */
const scratch = Buffer.allocUnsafe(4_000_000);

/** Some elements of an array parameter, in a row. */
export interface Elements {
  readonly count: number;
  readonly nulls: boolean;
  readonly bytes: Buffer;
}

/** Elements of a `text[]` (each text is cast to its column's type in SQL) or of a `jsonb[]` (from JSON texts); null is NULL. */
export function textElements(type: 'text' | 'jsonb', texts: readonly (string | null)[]): Elements {
  const prefix = type === 'jsonb' ? 1 : 0;
  let room = 0;
  for (const text of texts) room += 4 + prefix + (text === null ? 0 : text.length * bytesAUnit);
  const buffer = room <= scratch.length ? scratch : Buffer.allocUnsafe(room);
  let nulls = false;
  let at = 0;
  for (const text of texts) {
    if (text === null) {
      nulls = true;
      at = buffer.writeInt32BE(-1, at);
      continue;
    }
    const start = at + 4;
    if (prefix > 0) buffer[start] = jsonbVersion;
    const bytes = prefix + writeText(buffer, text, start + prefix);
    buffer.writeInt32BE(bytes, at);
    at = start + bytes;
  }
  return { count: texts.length, nulls, bytes: Buffer.from(buffer.subarray(0, at)) };
}

/** The same instant this many times, in whole milliseconds since 1970, as elements of a `timestamptz[]`. */
export function instantElements(milliseconds: number, count: number): Elements {
  const element = Buffer.alloc(12);
  element.writeInt32BE(8, 0);
  element.writeBigInt64BE(BigInt(milliseconds - epoch) * 1000n, 4);
  return { count, nulls: false, bytes: Buffer.alloc(12 * count, element) };
}

/** Each element by itself, without copying its bytes. */
export function eachElement({ count, bytes }: Elements): Elements[] {
  const each: Elements[] = [];
  let at = 0;
  for (let element = 0; element < count; element++) {
    const length = bytes.readInt32BE(at);
    const end = at + 4 + Math.max(0, length);
    each.push({ count: 1, nulls: length < 0, bytes: bytes.subarray(at, end) });
    at = end;
  }
  return each;
}

/** The text of a single element; null where it is NULL. */
export function textOf({ nulls, bytes }: Elements): string | null {
  return nulls ? null : bytes.toString('utf8', 4, 4 + bytes.readInt32BE(0));
}

/** An array parameter of the elements of all parts. */
export function arrayParameter(type: keyof typeof oids, parts: readonly Elements[]): Buffer {
  const header = Buffer.alloc(headerBytes);
  const count = parts.reduce((total, part) => total + part.count, 0);
  const nulls = parts.some((part) => part.nulls) ? 1 : 0;
  [1, nulls, oids[type], count, 1].forEach((value, index) => {
    header.writeInt32BE(value, index * 4);
  });
  return Buffer.concat([header, ...parts.map(({ bytes }) => bytes)]);
}

function writeText(buffer: Buffer, text: string, start: number): number {
  const { length } = text;
  if (length > shortText) return buffer.write(text, start);
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return buffer.write(text, start);
    buffer[start + index] = unit;
  }
  return length;
}

/** A value as PostgreSQL reads it for any column but jsonb; what JSON has no word for (NaN, undefined) is NULL. */
export function columnText(value: unknown): string | null {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return Number.isFinite(value) ? String(value) : null;
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'object':
      if (value === null) return null;
      return 'toJSON' in value && typeof value.toJSON === 'function'
        ? columnText(value.toJSON())
        : JSON.stringify(value);
    default:
      return null;
  }
}

/** A value of a jsonb column; null is NULL there too. */
export function jsonText(value: unknown): string | null {
  if (value instanceof SourceText) return value.storable;
  return value === null || value === undefined ? null : (JSON.stringify(value) ?? null);
}
