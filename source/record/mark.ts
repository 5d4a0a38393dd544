import { createHash } from 'node:crypto';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { fieldsOf } from './fields';

/**
 * Eight characters that stand for a record in this state: 48 bits of a hash of its id and version as they were sent. Kept in
 * resume points instead of ids, which may be personal data.
 */
export function markOf(entity: ConnectorEntity, record: unknown): string {
  return createHash('sha256').update(identity(entity, record)).digest('base64url').slice(0, 8);
}

function identity(entity: ConnectorEntity, record: unknown): string {
  const fields = fieldsOf(entity);
  try {
    const key = fields.key(record);
    if (key !== undefined && key !== null && key !== '') return JSON.stringify([key, fields.version(record)]);
  } catch {
    // an author's function may throw anything at a record it does not expect; the record as a whole is as good a mark
  }
  return JSON.stringify(record) ?? '';
}
