import { field, optional, withDefault } from './definition/fields';
import { operation } from './definition/operation';
import { instant, target } from './definition/schemas';
import { entityOf } from './definition/targetFields';

const shown = (most: number) => field.integer('how many to show', { min: 1, max: most });

export const rowsHours = operation({
  name: 'rows hours',
  effect: 'look',
  summary: 'count the rows that were first written, last changed and soft-deleted in each hour',
  details:
    'A row is counted in the hour of its last change. Rows from before this version have no time at which they were first written.',
  examples: ['demo people', 'demo people --hours 72 --json'],
  input: {
    ...entityOf,
    hours: withDefault(field.integer('how many hours, this one included', { min: 1, max: 744 }), 24),
  },
  result: (z) =>
    z.object({
      ...target(z),
      hours: z.array(
        z.object({
          hour: instant(z).describe('its beginning'),
          created: z.int().describe('rows that were written for the first time'),
          changed: z.int().describe('rows whose last change was in this hour, those created among them'),
          deleted: z.int().describe('rows that were soft-deleted in this hour and still are'),
        }),
      ),
    }),
  run: () => import('./work/rows.js').then(({ showHours }) => showHours),
});

export const rowsWalks = operation({
  name: 'rows walks',
  effect: 'look',
  summary: 'find runs that wrote long stretches of neighbouring ids, as a walk through the whole list does',
  details:
    'A delta that reads only what changed rarely writes many rows whose ids follow each other. If it does, it read the whole list: ' +
    'look at the filter of its listing. A bulk import at the source looks the same, but then all rows are new.',
  examples: ['demo people', 'demo people --since 30m', 'demo people --json'],
  input: {
    ...entityOf,
    since: optional(field.instant('an instant, or how long ago; without it the last 24 hours')),
    limit: withDefault(shown(100), 10),
  },
  result: (z) =>
    z.object({
      ...target(z),
      since: instant(z),
      suspicious: z.int().describe('deltas that should have read only what changed, and wrote a long stretch'),
      walks: z
        .array(
          z.object({
            writtenBy: z.string().nullable().describe('null: the engine did not write them'),
            run: z
              .object({
                id: z.string(),
                strategy: z.string(),
                readsMore: z.boolean().describe('it was to read more than what had changed'),
                startedAt: instant(z),
              })
              .nullable(),
            rows: z.int().describe('rows whose last change it was'),
            neighbours: z.int().describe('rows of its longest stretch of ids without another row between them'),
            created: z.int().describe('of those, rows that it wrote for the first time'),
            firstId: z.string(),
            lastId: z.string(),
            suspicious: z.boolean(),
          }),
        )
        .describe('by what wrote the rows, longest stretch first'),
    }),
  run: () => import('./work/rows.js').then(({ showWalks }) => showWalks),
});

export const rowsDuplicates = operation({
  name: 'rows duplicates',
  effect: 'look',
  summary:
    'find live rows that have the same phone number, e-mail address or other column, including rows that the engine did not write',
  details:
    'Each column is compared by itself: phone numbers by their digits, other text without regard to case. Keys never repeat, but a person may have been ' +
    'entered by hand before a sync brought the same one; such values come first. Nothing is changed.',
  examples: ['demo people --columns name', 'demo people --columns name --table public.contacts --id crm_id --json'],
  input: {
    ...entityOf,
    columns: optional(
      field.text('columns, separated by commas; without it those that the definition names in `alikeBy`', {
        value: 'names',
        longest: 500,
        only: { pattern: /^[^,]+(,[^,]+)*$/, error: 'must be names of columns, separated by commas' },
      }),
    ),
    table: optional(
      field.text('another table or view to look in, with its schema', {
        value: 'name',
        longest: 127,
        only: { pattern: /^[^.]+\.[^.]+$/, error: 'must name its schema too, such as public.contacts' },
      }),
    ),
    id: optional(
      field.text("the column whose value is shown, if it is not the record's id", { value: 'column', longest: 63 }),
    ),
    limit: withDefault(shown(1_000), 20),
  },
  result: (z) =>
    z.object({
      ...target(z),
      table: z.string(),
      columns: z.array(z.string()),
      compared: z.int().describe('rows that have a value in one of the columns'),
      values: z.int().describe('values that several rows have'),
      duplicates: z.array(
        z.object({
          column: z.string(),
          value: z.string().describe('as it was compared'),
          rows: z
            .array(
              z.object({
                id: z.string().nullable(),
                origin: z.string().nullable().describe('`source`, `import`; null: the engine did not write it'),
              }),
            )
            .describe('at most 10; rows that the engine did not write come first'),
        }),
      ),
    }),
  run: () => import('./work/rows.js').then(({ showDuplicates }) => showDuplicates),
});
