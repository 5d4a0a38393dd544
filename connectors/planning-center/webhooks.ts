import { z } from 'zod';
import type { WebhookDelivery, WebhookEvent } from '../../schema';

/** The entity that an event is about, by the part of its name before the last dot. */
const entities: Readonly<Record<string, string>> = {
  'people.v2.events.person': 'people',
  'giving.v2.events.donation': 'donations',
};

/** The envelope of planningcenter/developers issue 1156; `payload` is JSON within JSON. */
const delivery = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      type: z.literal('EventDelivery'),
      attributes: z.looseObject({ name: z.string(), payload: z.string() }),
    }),
  ),
});

const record = z.looseObject({ data: z.looseObject({ id: z.string() }) });

const personId = z.looseObject({ data: z.looseObject({ id: z.string() }) });
const merger = z.looseObject({
  data: z.looseObject({ relationships: z.looseObject({ person_to_keep: personId, person_to_remove: personId }) }),
});

/**
 * Which records a delivery is about. Events of other kinds (emails, lists, workflows) are named without a record, so that they
 * are stored and acknowledged. Throws when the body is not Planning Center's.
 */
export function webhookEvents({ body }: WebhookDelivery): WebhookEvent[] {
  return delivery.parse(body).data.flatMap(({ id: eventId, attributes: { name, payload } }) => {
    if (name === 'people.v2.events.person_merger.created') return mergedPeople(eventId, name, JSON.parse(payload));
    const entity = entities[name.slice(0, name.lastIndexOf('.'))];
    if (entity === undefined) return [{ eventId, type: name }];
    return [{ eventId, type: name, entity, id: record.parse(JSON.parse(payload)).data.id }];
  });
}

/** A merger concerns two people: the one who is gone, and the one who may have got something from them. */
function mergedPeople(eventId: string, type: string, payload: unknown): WebhookEvent[] {
  const { person_to_keep, person_to_remove } = merger.parse(payload).data.relationships;
  return [
    { eventId: `${eventId}/removed`, type, entity: 'people', id: person_to_remove.data.id },
    { eventId: `${eventId}/kept`, type, entity: 'people', id: person_to_keep.data.id },
  ];
}
