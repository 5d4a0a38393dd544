import { z } from 'zod';

/** Names of connectors, entities, tables and columns: PostgreSQL takes them without quotes. */
export const identifier = z.string().regex(/^[a-z][a-z0-9_]{0,47}$/, {
  error: 'must start with a letter and hold only lower-case letters, digits and underscores, 48 at most',
});
