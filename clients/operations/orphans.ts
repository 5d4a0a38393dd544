import { field, withDefault } from './definition/fields';
import { operation } from './definition/operation';
import { target } from './definition/schemas';
import { entityOf } from './definition/targetFields';

export const rowsOrphans = operation({
  name: 'rows orphans',
  effect: 'look',
  summary: 'find rows whose reference to a row of another entity leads nowhere, or to several',
  details: 'Only live rows that refer by anything are counted. The definition names the references in `references`.',
  examples: ['demo bookings', 'demo bookings --limit 100 --json'],
  input: {
    ...entityOf,
    limit: withDefault(field.integer('how many to show of each reference', { min: 1, max: 1_000 }), 20),
  },
  result: (z) =>
    z.object({
      ...target(z),
      references: z.array(
        z.object({
          column: z.string(),
          to: z.string().describe('the entity that it refers to'),
          referring: z.int().describe('rows that refer by anything'),
          found: z.int(),
          orphans: z.int().describe('no live row matches'),
          ambiguous: z.int().describe('several live rows match, so that none is taken'),
          pending: z.int().describe('one live row matches; the next sweep finds it'),
          samples: z
            .array(
              z.object({
                id: z.string(),
                matches: z.array(z.string()).describe('ids of the rows that match, at most 10'),
              }),
            )
            .describe('ambiguous rows come first'),
        }),
      ),
    }),
  run: () => import('./work/orphans.js').then(({ showOrphans }) => showOrphans),
});
