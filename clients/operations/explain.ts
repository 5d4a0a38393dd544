import { field } from './definition/fields';
import { operation } from './definition/operation';
import { instant, target } from './definition/schemas';
import { recordOf, waitForSource } from './definition/targetFields';

export const explain = operation({
  name: 'explain',
  effect: 'look',
  summary: 'show the history of one record, and why its row is as it is',
  details:
    'Webhooks, runs, answers that lost or were disputed, set-aside reasons and deletes in order of time, then what the source says ' +
    'now, and the verdict. A worker asks the source; nothing is written. Exit status 1 when the table is wrong.',
  examples: ['demo people 10000001', 'demo people 10000001 --no-source --json'],
  input: {
    ...recordOf,
    source: field.flag('ask the source', true),
    wait: waitForSource,
  },
  result: (z) =>
    z.object({
      ...target(z),
      id: z.string(),
      verdict: z.object({
        right: z.boolean().nullable().describe('whether table and source agree; null: unknown'),
        sentence: z.string(),
      }),
      story: z
        .array(
          z.object({
            at: instant(z),
            about: z.enum(['webhook', 'run', 'answer', 'set-aside', 'plan', 'operator', 'table']),
            text: z.string(),
          }),
        )
        .describe('in order of time'),
      source: z
        .object({
          says: z
            .enum(['live', 'gone', 'set-aside', 'unclear', 'no-one', 'not-asked'])
            .describe('`no-one`: the entity has no listing `one`'),
          detail: z.string(),
          askedAt: z.iso.datetime().optional(),
          version: z.string().nullable().optional(),
          row: z.enum(['equal', 'differs', 'missing', 'deleted', 'excluded']).nullable().optional(),
          columns: z.array(z.string()).optional().describe('in which the row differs'),
        })
        .describe('what the source says now; `says` and `detail` alone where it was not asked'),
      leftOut: z.string().nullable().describe('what is missing from the history, and why'),
      row: z
        .object({
          deletedAt: instant(z).nullable(),
          syncedAt: instant(z),
          sourceUpdatedAt: instant(z).nullable(),
          sentAt: instant(z).nullable(),
          receivedAt: instant(z).nullable(),
          disputedAt: instant(z).nullable(),
          writtenBy: z.string().nullable(),
          leftOut: z
            .string()
            .nullable()
            .describe(
              '`skipped`: the mapping leaves its record out; `excluded`: a row of another table excludes it; `replaced`: its day no longer lists it',
            ),
          edited: z.boolean().describe('it is left out, and stays since a user has edited it'),
        })
        .nullable()
        .describe('what the engine knows of the row besides its content'),
    }),
  run: () => import('./work/explain/explain.js').then(({ explainRecord }) => explainRecord),
});
