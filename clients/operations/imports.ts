import { argument, field, optional, storable, withDefault } from './definition/fields';
import { operation } from './definition/operation';
import { started } from './definition/schemas';
import { entityOf } from './definition/targetFields';

/** Its command reads a file, see `clients/cli/commands/importFile.ts`. */
export const importFile = operation({
  name: 'import',
  effect: 'start',
  path: '/import',
  summary: 'import a file of separated values (CSV) into an entity',
  details:
    'The definition of the entity says which columns a file may have (`import`). Encoding, delimiter and the line of headers are found by ' +
    'themselves. More than 20 % bad lines refuse the file; otherwise they are listed with their numbers, and the others are imported. ' +
    'The same file twice changes nothing. A line ranks below what the source answered after the instant that the file is of (`asOf`). ' +
    "'undo' takes an import back for 7 days. Over HTTP, upload the file first (`POST /api/imports`).",
  examples: [
    'demo walk_ins june.csv --as-of 2026-06-30T18:00:00Z --dry-run',
    'demo walk_ins june.csv --as-of 2026-06-30T18:00:00Z --set store=Calicut --errors errors.csv',
  ],
  input: {
    ...entityOf,
    upload: field.number('the number that the upload returned'),
    asOf: optional(field.instant('the instant at which what the file says was true, or how long ago')),
    set: optional(
      field.json<Readonly<Record<string, string>>>('columns that have one value in every line', (z) =>
        z.record(storable(z, 100), storable(z, 1_000)),
      ),
    ),
    dryRun: field.flag('count what would happen, write nothing'),
  },
  result: (z) => z.object(started(z)),
  run: () => import('./work/imports.js').then(({ startImport }) => startImport),
});

export const importsErrors = operation({
  name: 'imports errors',
  effect: 'look',
  path: '/imports/{import}/errors',
  summary: 'list the lines of an import that could not be imported: line number, reason, content',
  examples: ['12', '12 --after 5000 --json'],
  input: {
    import: argument(field.number('the number of an import')),
    after: withDefault(
      field.integer('only lines behind this one', { min: 0, max: Number.MAX_SAFE_INTEGER }, 'line'),
      0,
    ),
    limit: withDefault(field.integer('how many', { min: 1, max: 10_000 }), 1_000),
  },
  result: (z) =>
    z.object({
      import: z.string(),
      errors: z.array(z.object({ line: z.int(), problem: z.string(), content: z.string() })),
    }),
  run: () => import('./work/imports.js').then(({ showImportErrors }) => showImportErrors),
});
