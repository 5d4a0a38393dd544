import { isStorable } from '../../../schema/text/storableText';
import { field, nullable, optional, storable, type Z } from '../definition/fields';

/** What a connection can be given. Nothing of it has a form on the command line of its own: `connect` makes it from its options. */
export const values = {
  settings: optional(
    field.json('checked by the connector; holds `baseUrl`', (z) => z.record(storable(z, 100), storableJson(z))),
  ),
  secrets: optional(
    field.json('stored encrypted; no response, log or history ever holds them', (z) =>
      z.record(storable(z, 100), secretValue(z)),
    ),
  ),
  timeZone: optional(
    field.json(
      "of business hours and daily schedules, such as 'Europe/Berlin'",
      async () => (await schedule()).timeZone,
    ),
  ),
  businessHours: optional(
    nullable(field.json('deltas run only then; null: at any hour', async () => (await schedule()).businessHours)),
  ),
  schedules: optional(
    field.json("by entity, in place of the connector's", async (z) =>
      z.record(storable(z, 100), (await schedule()).scheduleOverride.omit({ paused: true })),
    ),
  ),
};

const schedule = () => import('../../../schema/definition/schedule.js');

/** The value of a secret. A longer one is no secret but a file. */
export function secretValue(z: Z) {
  return z.string().min(1).max(20_000);
}

/** Any JSON of which PostgreSQL can store every text, keys too. */
function storableJson(z: Z) {
  return z.json().refine(isStorableJson, { error: 'must not hold U+0000 or half of a surrogate pair' });
}

function isStorableJson(value: unknown): boolean {
  if (typeof value === 'string') return isStorable(value);
  if (Array.isArray(value)) return value.every(isStorableJson);
  return (
    typeof value !== 'object' ||
    value === null ||
    Object.entries(value).every(([key, item]) => isStorable(key) && isStorableJson(item))
  );
}
