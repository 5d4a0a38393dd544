import { z } from 'zod';
import { entityNames } from './resources';

/** An instant as ISO 8601 with a zone, kept in milliseconds. */
const instant = z
  .string()
  .refine((text) => /(Z|[+-]\d{2}:?\d{2})$/.test(text) && !Number.isNaN(Date.parse(text)), {
    error: 'must be an instant such as 2026-01-31T09:00:00Z',
  })
  .transform((text) => Date.parse(text));

const entity = z.enum(entityNames);
const id = z.string().min(1);
const content = {
  /** laid over what the record has; values may be anything JSON knows */
  attributes: z.record(z.string(), z.unknown()).optional(),
  /** related ids by name, such as `{ person: '10000001' }`; null for none */
  relationships: z.record(z.string(), z.string().nullable()).optional(),
  /** default: the source's now; null as for sources that leave it empty until the first edit; in the past for a late commit */
  updatedAt: instant.nullable().optional(),
  /** false: no webhook is sent; default: as the webhook setting says */
  webhook: z.boolean().optional(),
};

/** One change to the data. An id that was deleted can be created again. */
export const operation = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('create'), entity, id: id.optional(), createdAt: instant.optional(), ...content }),
  z.strictObject({ do: z.literal('change'), entity, id, ...content }),
  /** moves updated_at and nothing else */
  z.strictObject({
    do: z.literal('touch'),
    entity,
    id,
    updatedAt: instant.nullable().optional(),
    webhook: z.boolean().optional(),
  }),
  z.strictObject({ do: z.literal('delete'), entity, id, webhook: z.boolean().optional() }),
  /** two people become one: `remove` is deleted, `keep` touched, and `person_merger.created` sent */
  z.strictObject({ do: z.literal('merge'), keep: id, remove: id, webhook: z.boolean().optional() }),
]);
export type Operation = z.infer<typeof operation>;
export type OperationInput = z.input<typeof operation>;

export const operations = z.array(operation).max(1_000_000);
