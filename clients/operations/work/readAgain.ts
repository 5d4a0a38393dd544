import type { Knex } from 'knex';
import { audit } from '../../../destination/audit';
import { findConnection } from '../../../destination/connections/connections';
import { storeEvents } from '../../../destination/inbox/inbox';
import {
  type EventChoice,
  endAsRead,
  openAsRead,
  type Reopened,
  type UnreadEvent,
  unreadEvents,
} from '../../../destination/inbox/inboxEvents';
import type { Connector } from '../../../schema/definition/connector';
import { readBody } from '../../webhooks/bodies';
import { eventsOf } from '../../webhooks/delivery';
import type { By, OperationContext } from '../definition/context';

const atOnce = 200;

/**
 * Reads stored deliveries again by the connector as it is now, of which no record is known. Those that it understands are opened, audited;
 * the others stay as they are. Returns what was opened, by entity of a connection.
 */
export async function readEventsAgain(
  context: Pick<OperationContext, 'db' | 'connectors'>,
  choice: EventChoice,
  by: By,
): Promise<Reopened[]> {
  const { db } = context;
  const connectors = await context.connectors();
  const opened = new Map<string, Reopened>();
  for (let after = 0; ; ) {
    const unread = await unreadEvents(db, choice, after, atOnce);
    for (const one of unread) {
      for (const found of await readOne({ db, connectors }, one)) {
        const key = `${found.connectionId}/${found.entity}`;
        const { events = 0 } = opened.get(key) ?? {};
        opened.set(key, { ...found, events: events + 1, records: events + 1, enabled: one.enabled });
      }
    }
    const last = unread.at(-1);
    if (last === undefined) break;
    after = last.id;
  }
  for (const { connectionId, entity, events } of opened.values()) {
    await audit(db, { ...by, action: 'webhooks replay', connectionId, entity, details: { readAgain: events } });
  }
  return [...opened.values()];
}

interface Readers {
  readonly db: Knex;
  readonly connectors: readonly Connector[];
}

/** The events of one delivery that are open now because it was read. */
async function readOne(
  { db, connectors }: Readers,
  unread: UnreadEvent,
): Promise<{ connectionId: string; entity: string }[]> {
  const { id, connectionId } = unread;
  return db.transaction(async (tx) => {
    const connection = await findConnection(tx, connectionId);
    const connector = connectors.find(({ name }) => name === connection?.connector);
    const known = connector === undefined ? [] : understood(connector, unread);
    const open: { connectionId: string; entity: string }[] = [];
    let ownRowOpened = false;
    for (const event of known) {
      const own: boolean = event.eventId === unread.eventId && !ownRowOpened;
      if (own) await openAsRead(tx, id, { type: event.type, entity: event.entity, recordId: event.id });
      // what was stored already in another way stays as it is
      else if ((await storeEvents(tx, [event])).stored === 0) continue;
      ownRowOpened ||= own;
      open.push({ connectionId, entity: event.entity });
    }
    if (open.length > 0 && !ownRowOpened) await endAsRead(tx, id, open.length);
    return open;
  });
}

/** What the connector makes of a delivery now, as far as it names records. */
function understood(connector: Connector, { connectionId, headers, body: text }: UnreadEvent) {
  const rules = connector.webhooks;
  const read = rules && readBody(rules.bodies, headers, Buffer.from(text));
  // what was no body of the connector's kind when it came is none now
  if (rules === undefined || read?.kind !== 'body') return [];
  const endpoint = { connectionId, connector, rules, keys: [], secrets: [], enabled: true };
  return eventsOf(endpoint, { headers, text, body: read.value }).flatMap(({ entity, id, ...event }) =>
    entity === null || id === null || id === '' || event.unreadable !== undefined ? [] : [{ ...event, entity, id }],
  );
}
