import type { z } from 'zod';
import type { GoneAnswer, LiveAnswer, RelatedRecords, SetAsideAnswer } from '../../schema/answer';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { MapContext } from '../../schema/definition/mapContext';
import { messageOf, SkipRecord } from '../../schema/errors';
import { isDecimal, isHeldByNumber } from '../../schema/json/decimal';
import { SourceText } from '../../schema/json/sourceText';
import { isStorable, storableText, storableValue } from '../../schema/text/storableText';
import type { Version } from '../../schema/version';
import type { SentRecord as SentAs } from '../wire/body/parse';
import { short } from '../wire/report';
import { emptied } from './emptied';
import { fieldsOf, keyOf, keysOf, versionOf } from './fields';

export type LiveRecord = { readonly kind: 'live' } & LiveAnswer;
export type GoneRecord = { readonly kind: 'gone' } & GoneAnswer;
export type SetAsideRecord = { readonly kind: 'set-aside' } & SetAsideAnswer;
/** Not of this entity: the source mixes several kinds of records. */
export type ForeignRecord = { readonly kind: 'foreign' };
export type RecordVersion = { readonly kind: 'version'; readonly id: string; readonly version: Version };

/** The definition's `where` failed on a record. */
class UnknownKind extends Error {
  constructor(cause: unknown) {
    super(`where failed: ${messageOf(cause)}`);
  }
}

const issuesShown = 5;
const longestDetail = 500;

/**
 * What one record of the source says: a row, that it is gone (a tombstone), that it is none of this entity's, or why it is set aside. Never throws for
 * what a record holds. Key, version and tombstone are read from the record as it was sent; `map` gets what the record
 * schema made of it. Text that PostgreSQL cannot keep (U+0000, halves of surrogate pairs) becomes U+FFFD in row and
 * raw; in a key it sets the record aside, since two ids could become one.
 */
export function readRecord(
  entity: ConnectorEntity,
  raw: unknown,
  context: RecordContext,
  sentAs?: SentAs,
): LiveRecord | GoneRecord | SetAsideRecord | ForeignRecord {
  const found = readVersionOnly(entity, raw, sentAs);
  if (found.kind !== 'version') return found;
  const { id, version } = found;
  const payload = sentAs?.text ?? raw;
  if (sentAs?.problem !== undefined) return setAside(id, 'invalid', sentAs.problem, null);
  let record = raw;
  if (entity.record) {
    const checked = check(entity.record, raw);
    if (typeof checked === 'string')
      return setAside(id, 'invalid', `the record does not fit its schema: ${checked}`, payload);
    record = checked.data;
  }
  const parts = { id, version, raw, record, sentAs };
  const { connection, partition = null, related = entity.related === undefined ? nothingRelated : undefined } = context;
  if (related !== undefined) return mapRecord(entity, parts, { connection, partition, related });
  const mapWith = (later: RelatedRecords) => mapRecord(entity, parts, { connection, partition, related: later });
  try {
    return { kind: 'live', id, version, row: {}, raw: sentAs?.text ?? storableValue(raw), mapWith };
  } catch (error) {
    return setAside(id, 'invalid', messageOf(error), payload);
  }
}

/** What a record is read with. Without `related`, a record of an entity that has related records is left to be mapped with them later. */
export type RecordContext = Pick<MapContext, 'connection'> & Partial<Pick<MapContext, 'related' | 'partition'>>;

const nothingRelated: RelatedRecords = Object.freeze({});

interface ReadParts {
  readonly id: string;
  readonly version: Version;
  readonly raw: unknown;
  /** what the record schema made of it */
  readonly record: unknown;
  readonly sentAs: SentAs | undefined;
}

function mapRecord(
  entity: ConnectorEntity,
  { id, version, raw, record, sentAs }: ReadParts,
  context: MapContext,
): LiveRecord | SetAsideRecord {
  const payload = sentAs?.text ?? raw;
  let mapped: unknown;
  try {
    mapped = (entity.map as (record: unknown, context: MapContext) => unknown)(record, context);
  } catch (error) {
    if (error instanceof SkipRecord) return { ...setAside(id, 'skipped', error.reason, payload), version };
    return setAside(id, 'invalid', `mapping it failed: ${messageOf(error)}`, payload);
  }
  const row = checkRow(entity, mapped);
  if (typeof row === 'string') return setAside(id, 'invalid', `its row does not fit the row schema: ${row}`, payload);
  const doubt = emptied(raw as object, row.data as Record<string, unknown>);
  if (doubt !== undefined) return setAside(id, 'invalid', doubt, payload);
  try {
    const keys = keysOf(fieldsOf(entity), id, raw);
    return {
      kind: 'live',
      id,
      ...(keys && { keys }),
      version,
      row: keepableRow(row.data as Record<string, unknown>),
      raw: sentAs?.text ?? storableValue(raw),
    };
  } catch (error) {
    return setAside(id, 'invalid', messageOf(error), payload);
  }
}

/** Id and version of a record of an `ids` listing, which holds little else; a tombstone, one of another kind, or why neither could be read. */
export function readVersionOnly(
  entity: ConnectorEntity,
  raw: unknown,
  sentAs?: SentAs,
): RecordVersion | GoneRecord | SetAsideRecord | ForeignRecord {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return setAside(
      null,
      'invalid',
      sentAs?.problem ??
        `it is not an object but ${raw === null ? 'null' : Array.isArray(raw) ? 'a list' : `a ${typeof raw}`}`,
      raw,
    );
  }
  const fields = fieldsOf(entity);
  let id: string | null = null;
  let wrong: unknown;
  try {
    if (fields.belongs?.(raw) === false) return { kind: 'foreign' };
  } catch (error) {
    wrong = error;
  }
  try {
    id = keyOf(fields, raw);
    if (wrong !== undefined) throw new UnknownKind(wrong);
    const version = versionOf(entity, fields, raw);
    if (fields.isTombstone?.(raw)) return { kind: 'gone', id, version };
    return { kind: 'version', id, version };
  } catch (error) {
    return setAside(id, 'invalid', messageOf(error), sentAs?.problem === undefined ? (sentAs?.text ?? raw) : null);
  }
}

/** The parsed value, or the mistakes as one bounded line that names the fields. */
function check(schema: z.ZodType, value: unknown): { readonly data: unknown } | string {
  try {
    const parsed = schema.safeParse(value);
    return parsed.success ? parsed : mistakesIn(parsed.error, value);
  } catch (error) {
    // an author's own refinement or transform that throws
    return messageOf(error);
  }
}

/**
 * Checks a row. A column of type double precision holds doubles, whatever the source wrote: a number of more digits, which
 * is text by then, is rounded for it as PostgreSQL would, and for no other column.
 */
function checkRow(entity: ConnectorEntity, row: unknown): { readonly data: unknown } | string {
  const checked = check(entity.row, row);
  if (typeof checked !== 'string' || typeof row !== 'object' || row === null) return checked;
  const rounded: Record<string, unknown> = { ...row };
  let changed = false;
  for (const { name, type } of entity.columns) {
    if (type !== 'double precision' || !isLongNumber(rounded[name])) continue;
    rounded[name] = Number(rounded[name]);
    changed = true;
  }
  return changed ? check(entity.row, rounded) : checked;
}

function isLongNumber(value: unknown): value is string {
  return typeof value === 'string' && isDecimal(value) && !isHeldByNumber(value);
}

function mistakesIn(error: z.ZodError, value: unknown): string {
  const lines = error.issues
    .slice(0, issuesShown)
    .map(
      (issue) => `${issue.path.map(String).join('.') || 'the whole'}: ${issue.message}${becauseOfDigits(issue, value)}`,
    );
  const more = error.issues.length - issuesShown;
  return lines.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

/** What became text because no number holds it looks like a mistake of the source. */
function becauseOfDigits(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code !== 'invalid_type' || (issue.expected !== 'number' && issue.expected !== 'int')) return '';
  let here = value;
  for (const step of issue.path) here = (here as Record<PropertyKey, unknown> | undefined)?.[step];
  if (!isLongNumber(here)) return '';
  return ` (the source's ${short(here, 40)} has more digits than a number holds, so it is given as text: use decimal() from 'tidemark', z.string(), or z.coerce.number() to round it)`;
}

function keepableRow(row: Record<string, unknown>): Readonly<Record<string, unknown>> {
  for (const name in row) {
    const value = row[name];
    if (typeof value === 'string') {
      if (!isStorable(value)) row[name] = storableText(value);
    } else if (typeof value === 'object' && value !== null) {
      row[name] = storableValue(value);
    }
  }
  return row;
}

function setAside(id: string | null, reason: SetAsideAnswer['reason'], detail: string, raw: unknown): SetAsideRecord {
  return { kind: 'set-aside', id, reason, detail: storableText(short(detail, longestDetail)), raw: payloadOf(raw) };
}

/** The record for keeping, or null where it is nested too deep to be kept at all; `detail` then says what it was. */
function payloadOf(raw: unknown): unknown {
  if (raw instanceof SourceText) return raw;
  try {
    return storableValue(raw);
  } catch {
    return null;
  }
}
