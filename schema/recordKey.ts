import { createHash } from 'node:crypto';
import type { Entity } from './definition/entity';

/**
 * How a record is called in workflow ids, which people see in Temporal: its id where that is a plain one, else a hash of
 * it. Keys made by a function can hold personal data (phone numbers, names), so those are always hashed.
 */
export function recordKey(entity: Pick<Entity, 'key'>, id: string): string {
  const plain = typeof entity.key === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(id);
  return plain ? id : `sha256-${createHash('sha256').update(id).digest('hex').slice(0, 32)}`;
}
