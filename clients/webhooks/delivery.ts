import { createHash } from 'node:crypto';
import type { InboxEvent } from '../../destination/inbox/inbox';
import type { WebhookEvent } from '../../schema/definition/webhooks';
import { messageOf } from '../../schema/errors';
import type { Endpoint } from './endpoints';
import type { DeliveryHeaders } from './signature';

export interface Delivery {
  readonly headers: DeliveryHeaders;
  /** as received */
  readonly text: string;
  /** the parsed JSON body */
  readonly body: unknown;
}

/** Longer ones would not fit into PostgreSQL's indexes. */
const longest = { eventId: 200, recordId: 1_000, type: 500 };

/**
 * The events of a delivery whose signature was right, as the inbox keeps them. Never throws: what the connector cannot read
 * is kept as one event marked `unreadable`, so that nothing signed is lost and no source sends it for ever.
 */
export function eventsOf(endpoint: Endpoint, { headers, text, body }: Delivery): InboxEvent[] {
  const common = { connectionId: endpoint.connectionId, headers: worthKeeping(headers), body: text };
  const unreadable = (why: string): InboxEvent => ({
    ...common,
    eventId: hash(text),
    type: 'unreadable',
    entity: null,
    id: null,
    unreadable: why.slice(0, 1_000),
  });
  let read: WebhookEvent[];
  try {
    read = endpoint.rules.events({ body, headers });
  } catch (error) {
    return [unreadable(`connector ${endpoint.connector.name} cannot read it: ${messageOf(error)}`)];
  }
  if (!Array.isArray(read) || !read.every(isEvent)) {
    return [unreadable(`connector ${endpoint.connector.name} makes no list of events of it`)];
  }
  const events = read.map((event): InboxEvent => {
    const entity = event.entity !== undefined && endpoint.connector.entities.has(event.entity) ? event.entity : null;
    const id = event.id ?? null;
    const named = {
      ...common,
      ...idOf(event, text),
      type: event.type.slice(0, longest.type),
    };
    if (id !== null && id.length > longest.recordId) {
      return { ...named, entity: null, id: null, unreadable: `its record id has ${id.length} characters` };
    }
    return { ...named, entity, id: entity === null ? null : id };
  });
  return toldApart(events);
}

function isEvent(event: WebhookEvent): boolean {
  const optional = (value: unknown) => value === undefined || typeof value === 'string';
  return typeof event?.type === 'string' && [event.eventId, event.entity, event.id].every(optional);
}

/** Without an id from the source: a hash of the body, and of the record, since a body can tell of several. */
function idOf(event: WebhookEvent, text: string): { eventId: string; hashed?: true } {
  const { eventId } = event;
  if (eventId === undefined || eventId === '') {
    return { eventId: hash(JSON.stringify([text, event.type, event.entity, event.id])), hashed: true };
  }
  return { eventId: eventId.length > longest.eventId ? hash(eventId) : eventId };
}

/** One delivery can tell of several records under one id. */
function toldApart(events: InboxEvent[]): InboxEvent[] {
  const shared = new Set<string>();
  const seen = new Set<string>();
  for (const { eventId } of events) (seen.has(eventId) ? shared : seen).add(eventId);
  return events.map((event) => {
    if (!shared.has(event.eventId)) return event;
    return { ...event, eventId: hash(JSON.stringify([event.eventId, event.type, event.entity, event.id])) };
  });
}

function hash(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** What helps to understand a delivery later; nothing that proves who somebody is. */
const kept =
  /^(content-type|user-agent|x-[a-z0-9-]*(event|id|topic|type|timestamp|attempt|delivery|version)[a-z0-9-]*|webhook-(id|timestamp))$/;
const secret = /sign|hmac|secret|token|auth|key|cookie|password/;

function worthKeeping(headers: DeliveryHeaders): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string' && kept.test(name) && !secret.test(name)) found[name] = value.slice(0, 500);
  }
  return found;
}
