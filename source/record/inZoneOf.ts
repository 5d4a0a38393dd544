import type { ConnectorEntity } from '../../schema/definition/connector';

const resolved = new WeakMap<ConnectorEntity, Map<string, ConnectorEntity>>();

/** The entity with the connection's own time zone wherever the definition says `connection`; the entity itself where it nowhere does. */
export function inZoneOf(entity: ConnectorEntity, timeZone: string): ConnectorEntity {
  const { deltaSyncField, listings } = entity;
  const { changes } = listings;
  if (deltaSyncField?.timeZone !== 'connection' && changes?.since?.timeZone !== 'connection') return entity;
  const byZone = resolved.get(entity) ?? new Map<string, ConnectorEntity>();
  resolved.set(entity, byZone);
  let found = byZone.get(timeZone);
  if (!found) {
    const named = <T extends { timeZone?: string | undefined }>(one: T): T =>
      one.timeZone === 'connection' ? { ...one, timeZone } : one;
    found = {
      ...entity,
      deltaSyncField: deltaSyncField && named(deltaSyncField),
      listings: { ...listings, changes: changes?.since ? { ...changes, since: named(changes.since) } : changes },
    };
    byZone.set(timeZone, found);
  }
  return found;
}
