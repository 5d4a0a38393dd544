import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Since } from '../../schema/definition/listings/since';

const resolved = new WeakMap<ConnectorEntity, Map<string, ConnectorEntity>>();

/** The entity with the connection's own time zone wherever the definition says `connection`; the entity itself where it nowhere does. */
export function inZoneOf(entity: ConnectorEntity, timeZone: string): ConnectorEntity {
  const { deltaSyncField, listings, related } = entity;
  const { changes } = listings;
  const zones = [deltaSyncField, changes?.since, ...Object.values(related ?? {}).map((kind) => kind.changes?.since)];
  if (!zones.some((one) => one?.timeZone === 'connection')) return entity;
  const byZone = resolved.get(entity) ?? new Map<string, ConnectorEntity>();
  resolved.set(entity, byZone);
  let found = byZone.get(timeZone);
  if (!found) {
    const named = <T extends { timeZone?: string | undefined }>(one: T): T =>
      one.timeZone === 'connection' ? { ...one, timeZone } : one;
    const inZone = <T extends { since?: Since | undefined } | undefined>(list: T): T =>
      list?.since ? { ...list, since: named(list.since) } : list;
    found = {
      ...entity,
      deltaSyncField: deltaSyncField && named(deltaSyncField),
      listings: { ...listings, changes: inZone(changes) },
      related:
        related &&
        Object.fromEntries(
          Object.entries(related).map(([name, kind]) => [name, { ...kind, changes: inZone(kind.changes) }]),
        ),
    };
    byZone.set(timeZone, found);
  }
  return found;
}
