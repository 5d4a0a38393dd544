/**
 * Columns of a batch as array parameters in PostgreSQL's binary format: header, then length and bytes of each value
 * (src/backend/utils/adt/arrayfuncs.c, array_recv). A batch as one JSON parameter took twice the time in PostgreSQL, which
 * has to build a jsonb of everything first and look up each field in it; array literals are quoted and unquoted by character.
 */

/** Type oids of pg_type, which are fixed for built-in types. */
const oids = { text: 25, jsonb: 3802 } as const;
/** what the binary form of a jsonb begins with */
const jsonbVersion = 1;
const headerBytes = 20;
/** most bytes of UTF-8 for one unit of a JavaScript string */
const bytesAUnit = 3;
/** Up to here a loop over plain ASCII is quicker than a call into Node's native code. */
const shortText = 24;

/** A `text[]` (each text is cast to its column's type in SQL) or a `jsonb[]` (of JSON texts); null is NULL. */
export function arrayParameter(type: keyof typeof oids, texts: readonly (string | null)[]): Buffer {
  const prefix = type === 'jsonb' ? 1 : 0;
  let room = headerBytes;
  for (const text of texts) room += 4 + prefix + (text === null ? 0 : text.length * bytesAUnit);
  const buffer = Buffer.allocUnsafe(room);
  let nulls = 0;
  let at = headerBytes;
  for (const text of texts) {
    if (text === null) {
      nulls = 1;
      at = buffer.writeInt32BE(-1, at);
      continue;
    }
    const start = at + 4;
    if (prefix > 0) buffer[start] = jsonbVersion;
    const bytes = prefix + writeText(buffer, text, start + prefix);
    buffer.writeInt32BE(bytes, at);
    at = start + bytes;
  }
  const header = [1, nulls, oids[type], texts.length, 1];
  header.forEach((value, index) => {
    buffer.writeInt32BE(value, index * 4);
  });
  return buffer.subarray(0, at);
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
  return value === null || value === undefined ? null : (JSON.stringify(value) ?? null);
}
