import { createHash } from 'node:crypto';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { fieldsOf } from './fields';

/**
 * Eight characters that stand for a record in this state: 48 bits of a hash of its identity. Kept in resume points instead of ids,
 * which may be personal data.
 */
export function markOf(identity: string): string {
  return createHash('sha256').update(identity).digest('base64url').slice(0, 8);
}

/**
 * Twelve characters that stand for the records of a page in this state and order. One hash for the page: a hash for each record took
 * longer than reading the record.
 */
export function markOfPage(records: readonly unknown[], identity: (record: unknown) => string): string {
  return createHash('sha256').update(records.map(identity).join(' ')).digest('base64url').slice(0, 12);
}

/** The id and version of a record as they were sent; the whole record where it has no id. */
export function identityOf(entity: ConnectorEntity, record: unknown): string {
  const fields = fieldsOf(entity);
  try {
    // one of another kind may have the key of one that belongs here
    const own = fields.belongs?.(record) ?? true;
    const key = own ? fields.key(record) : undefined;
    const version = own ? fields.version(record) : undefined;
    // without a version its content is all that tells a state, and several rows of one key, from another
    const known =
      entity.duplicates === undefined &&
      [key, version].every((value) => value !== undefined && value !== null && value !== '');
    if (known) return JSON.stringify([key, version]);
  } catch {
    // an author's function may throw anything at a record it does not expect; the record as a whole distinguishes it as well
  }
  return JSON.stringify(record) ?? '';
}
