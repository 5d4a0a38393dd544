import type { z } from 'zod';
import type { GoneAnswer, LiveAnswer, SetAsideAnswer } from '../../schema/answer';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { MapContext } from '../../schema/definition/entity';
import { messageOf, SkipRecord } from '../../schema/errors';
import { isStorable, storableText, storableValue } from '../../schema/storableText';
import type { Version } from '../../schema/version';
import { short } from '../wire/report';
import { fieldsOf, keyOf, versionOf } from './fields';

export type LiveRecord = { readonly kind: 'live' } & LiveAnswer;
export type GoneRecord = { readonly kind: 'gone' } & GoneAnswer;
export type SetAsideRecord = { readonly kind: 'set-aside' } & SetAsideAnswer;
export type RecordVersion = { readonly kind: 'version'; readonly id: string; readonly version: Version };

const issuesShown = 5;
const longestDetail = 500;

/**
 * What one record of the source says: a row, that it is gone (a tombstone), or why it is set aside. Never throws for
 * what a record holds. Key, version and tombstone are read from the record as it was sent; `map` gets what the record
 * schema made of it. Text that PostgreSQL cannot keep (U+0000, halves of surrogate pairs) becomes U+FFFD in row and
 * raw; in a key it sets the record aside, since two ids could become one.
 */
export function readRecord(
  entity: ConnectorEntity,
  raw: unknown,
  context: MapContext,
): LiveRecord | GoneRecord | SetAsideRecord {
  const found = readVersionOnly(entity, raw);
  if (found.kind !== 'version') return found;
  const { id, version } = found;
  let record = raw;
  if (entity.record) {
    const checked = check(entity.record, raw);
    if (typeof checked === 'string')
      return setAside(id, 'invalid', `the record does not fit its schema: ${checked}`, raw);
    record = checked.data;
  }
  let mapped: unknown;
  try {
    mapped = (entity.map as (record: unknown, context: MapContext) => unknown)(record, context);
  } catch (error) {
    if (error instanceof SkipRecord) return setAside(id, 'skipped', error.reason, raw);
    return setAside(id, 'invalid', `mapping it failed: ${messageOf(error)}`, raw);
  }
  const row = check(entity.row, mapped);
  if (typeof row === 'string') return setAside(id, 'invalid', `its row does not fit the row schema: ${row}`, raw);
  try {
    return {
      kind: 'live',
      id,
      version,
      row: keepableRow(row.data as Record<string, unknown>),
      raw: storableValue(raw),
    };
  } catch (error) {
    return setAside(id, 'invalid', messageOf(error), raw);
  }
}

/** Id and version of a record of an `ids` listing, which holds little else; a tombstone, or why neither could be read. */
export function readVersionOnly(entity: ConnectorEntity, raw: unknown): RecordVersion | GoneRecord | SetAsideRecord {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return setAside(
      null,
      'invalid',
      `it is not an object but ${raw === null ? 'null' : Array.isArray(raw) ? 'a list' : `a ${typeof raw}`}`,
      raw,
    );
  }
  const fields = fieldsOf(entity);
  let id: string | null = null;
  try {
    id = keyOf(fields, raw);
    const version = versionOf(entity, fields, raw);
    if (fields.isTombstone?.(raw)) return { kind: 'gone', id, version };
    return { kind: 'version', id, version };
  } catch (error) {
    return setAside(id, 'invalid', messageOf(error), raw);
  }
}

/** The parsed value, or the mistakes as one bounded line that names the fields. */
function check(schema: z.ZodType, value: unknown): { readonly data: unknown } | string {
  try {
    const parsed = schema.safeParse(value);
    return parsed.success ? parsed : mistakesIn(parsed.error);
  } catch (error) {
    // an author's own refinement or transform that throws
    return messageOf(error);
  }
}

function mistakesIn(error: z.ZodError): string {
  const lines = error.issues
    .slice(0, issuesShown)
    .map((issue) => `${issue.path.map(String).join('.') || 'the whole'}: ${issue.message}`);
  const more = error.issues.length - issuesShown;
  return lines.join('; ') + (more > 0 ? `; and ${more} more` : '');
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

/** The record for keeping, or null where it is nested too deep to be kept at all; `detail` then tells what it was. */
function payloadOf(raw: unknown): unknown {
  try {
    return storableValue(raw);
  } catch {
    return null;
  }
}
