import type { ConnectorEntity } from '../../schema/definition/connector';
import { isStorable } from '../../schema/storableText';
import { encodeVersion, type Version } from '../../schema/version';

/** Reads one thing out of a record as the source sent it. */
export type FieldReader = (record: unknown) => unknown;

/** An entity's callbacks, their paths split once. They see the record as it was sent, before any record schema. */
export interface EntityFields {
  readonly key: FieldReader;
  readonly version: FieldReader;
  readonly isTombstone: ((record: unknown) => boolean) | undefined;
}

const known = new WeakMap<ConnectorEntity, EntityFields>();

export function fieldsOf(entity: ConnectorEntity): EntityFields {
  let fields = known.get(entity);
  if (!fields) {
    const { name, from } = entity.deltaSyncField;
    fields = {
      key: fieldReader(entity.key as string | FieldReader),
      version: fieldReader((from ?? name) as string | FieldReader),
      isTombstone: entity.gone.record as ((record: unknown) => boolean) | undefined,
    };
    known.set(entity, fields);
  }
  return fields;
}

/** The same as `valueAt`, with the path split beforehand: this runs for every record. */
function fieldReader(from: string | FieldReader): FieldReader {
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
  const value = fields.key(record);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new UnusableKey(`its id ${value} is a number that is not exact`);
    return String(value);
  }
  if (typeof value !== 'string') {
    const found = value === undefined || value === null ? 'missing' : `of type ${typeof value}`;
    throw new UnusableKey(`its id is ${found}`);
  }
  if (value.trim() === '') throw new UnusableKey('its id is empty');
  if (value.length > longestKey) {
    throw new UnusableKey(`its id has ${value.length} characters; the longest that is kept has ${longestKey}`);
  }
  // replacing what PostgreSQL can't keep would make two ids one
  if (!isStorable(value)) throw new UnusableKey('its id holds U+0000 or half a surrogate pair');
  return value;
}

/** The record's version, encoded. Throws UnreadableVersion, or whatever the entity's function throws. */
export function versionOf(entity: ConnectorEntity, fields: EntityFields, record: unknown): Version {
  const version = encodeVersion(entity.deltaSyncField.kind, fields.version(record));
  return version;
}
