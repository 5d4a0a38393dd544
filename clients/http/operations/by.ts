import { z } from 'zod';
import { type By, name } from '../../operations/context';
import { reason } from '../shapes';

/** What a request says of who wants it and why. */
export const byShape = {
  reason,
  by: name.optional().describe('whom your program acts for; kept in the audit'),
};

export const decision = z.strictObject(byShape);

/** As the audit keeps it. */
export function byOf({ by, reason: why }: z.output<typeof decision>): By {
  return { actor: by === undefined ? 'api' : `api:${by}`, reason: why };
}
