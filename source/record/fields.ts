import { isComposite } from '../../schema/definition/compositeKey';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { isLocalTime, toInstant } from '../../schema/localTime';
import { isStorable } from '../../schema/text/storableText';
import { encodeVersion, type Version } from '../../schema/version';

/** Reads one thing out of a record as the source sent it. */
export type FieldReader = (record: unknown) => unknown;

/** An entity's callbacks, their paths split once. They see the record as it was sent, before any record schema. */
export interface EntityFields {
  /** whether a record belongs to the entity; undefined where every one does */
  readonly belongs: ((record: unknown) => boolean) | undefined;
  readonly key: FieldReader;
  /** every key of a record; undefined where it has one only */
  readonly keys: ((record: unknown) => string[]) | undefined;
  readonly version: FieldReader;
  readonly isTombstone: ((record: unknown) => boolean) | undefined;
}

const known = new WeakMap<ConnectorEntity, EntityFields>();

export function fieldsOf(entity: ConnectorEntity): EntityFields {
  let fields = known.get(entity);
  if (!fields) {
    fields = {
      belongs: entity.where as ((record: unknown) => boolean) | undefined,
      keys: isComposite(entity.key) ? (entity.key.keysOf as (record: unknown) => string[]) : undefined,
      key: fieldReader(entity.key as string | FieldReader),
      version: versionReader(entity),
      isTombstone: entity.gone.record as ((record: unknown) => boolean) | undefined,
    };
    known.set(entity, fields);
  }
  return fields;
}

function versionReader({ deltaSyncField: field }: ConnectorEntity): FieldReader {
  if (field === undefined) return () => null;
  return fieldReader((field.from ?? field.name) as string | FieldReader);
}

/** The same as `valueAt`, with the path split beforehand: this runs for every record. */
export function fieldReader(from: string | FieldReader): FieldReader {
  if (typeof from === 'function') return from;
  const steps = from.split('.');
  return (record) => {
    let here = record;
    for (const step of steps) {
      if (here === null || typeof here !== 'object' || !Object.hasOwn(here, step)) return undefined;
      here = (here as Record<string, unknown>)[step];
    }
    return here;
  };
}

/** A record has no id that can be used; `message` says why. */
export class UnusableKey extends Error {}

const longestKey = 1_000;

/** The record's id as text. Throws UnusableKey, or whatever the entity's key function throws. */
export function keyOf(fields: EntityFields, record: unknown): string {
  return usableKey(fields.key(record), 'id');
}

/** An id as text; `what` is how messages call it. Throws UnusableKey. */
export function usableKey(value: unknown, what: string): string {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new UnusableKey(`its ${what} ${value} is a number that is not exact`);
    return String(value);
  }
  if (typeof value !== 'string') {
    const found = value === undefined || value === null ? 'missing' : `of type ${typeof value}`;
    throw new UnusableKey(`its ${what} is ${found}`);
  }
  if (value.trim() === '') throw new UnusableKey(`its ${what} is empty`);
  if (value.length > longestKey) {
    throw new UnusableKey(`its ${what} has ${value.length} characters; the longest that is kept has ${longestKey}`);
  }
  // replacing what PostgreSQL can't keep would make two ids one
  if (!isStorable(value)) throw new UnusableKey(`its ${what} holds U+0000 or half a surrogate pair`);
  return value;
}

/** Every key of a record that can be used, its id first; undefined where its entity's key has no fallbacks. */
export function keysOf(fields: EntityFields, id: string, record: unknown): string[] | undefined {
  const others = fields.keys?.(record).filter((key) => key !== id && key.length <= longestKey && isStorable(key));
  return others && [id, ...others];
}

/** The record's version, encoded; null where the entity's records have none. Throws UnreadableVersion, or whatever the entity's function throws. */
export function versionOf(entity: ConnectorEntity, fields: EntityFields, record: unknown): Version {
  const { deltaSyncField: field } = entity;
  if (field === undefined) return null;
  const value = fields.version(record);
  if (field.timeZone === undefined || !isLocalTime(value)) return encodeVersion(field.kind, value);
  return encodeVersion(field.kind, instantOf(value, field.timeZone));
}

/** What is no time after all, such as one on the 30th of February, is left as it is: it is refused as a version. */
function instantOf(local: string, timeZone: string): string {
  try {
    return toInstant(local, timeZone);
  } catch {
    return local;
  }
}
