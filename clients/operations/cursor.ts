import { field, nullable, optional, withDefault } from './definition/fields';
import { operation } from './definition/operation';
import { instant, target } from './definition/schemas';
import { entityOf } from './definition/targetFields';

export const cursorShow = operation({
  name: 'cursor show',
  effect: 'look',
  summary: 'show the cursor of an entity and who moved it',
  examples: ['demo people', 'demo people --json'],
  input: entityOf,
  result: (z) =>
    z.object({
      ...target(z),
      cursor: instant(z)
        .nullable()
        .describe('the instant up to which it is known to be synced; null until the first delta succeeded'),
      lagMs: z.number().nullable(),
      movedByRun: z
        .string()
        .nullable()
        .describe('the run that moved it last; null when none has, or its record has been pruned'),
      partitions: z
        .array(
          z.object({
            partition: z.string(),
            at: instant(z).describe('the instant; of a token, when it was asked for'),
            token: z.string().nullable().describe('a fingerprint of the token; null: the cursor is the instant'),
            leftAt: instant(z).nullable().describe('since when the partition is no longer listed'),
            deletionsUnknownSince: instant(z).nullable(),
          }),
        )
        .describe(
          'at most 100, those that are furthest behind first; an entity without partitions has one, without a name',
        ),
      related: z
        .array(
          z.object({
            kind: z.string().describe('the name of the related records in the definition'),
            at: instant(z).describe('the instant; of a token, when it was asked for'),
            token: z.string().nullable().describe('a fingerprint of the token; null: the cursor is the instant'),
          }),
        )
        .describe('related records whose changes the source lists: each kind has a cursor of its own'),
      resets: z
        .array(
          z.object({
            at: instant(z),
            actor: z.string(),
            reason: z.string(),
            before: z.iso.datetime().nullable(),
            after: z.iso.datetime().nullable(),
          }),
        )
        .describe('the latest 10, latest first'),
    }),
  run: () => import('./work/cursor.js').then(({ showCursor }) => showCursor),
});

export const cursorReset = operation({
  name: 'cursor reset',
  effect: 'change',
  summary: 'move a cursor back, so that the next delta reads everything again or what changed since an instant',
  details:
    'Nothing is deleted, and records that have not changed are not written again. A cursor moves forward only with --forward: ' +
    'changes in between are then left out until a reconciliation finds them.',
  examples: [
    'demo people --reason "the mapping lost a column"',
    'demo people --to 2026-03-01T00:00:00Z --reason "the API had lost updates since then"',
    'demo people --to 2h --reason "look at the last two hours again"',
    'demo people --partition north --reason "the API had lost what was new there"',
  ],
  input: {
    ...entityOf,
    to: withDefault(nullable(field.instant('an instant, or how long ago; without it everything is read again')), null),
    forward: field.flag('allow an instant later than the present cursor'),
    partition: optional(field.text('only of this partition', { value: 'name', longest: 200 })),
  },
  result: (z) =>
    z.object({
      ...target(z),
      before: instant(z).nullable(),
      after: instant(z).nullable().describe('null: the next delta reads everything'),
      skipped: z
        .object({ from: instant(z).nullable().describe('null: everything before `to`'), to: instant(z) })
        .nullable()
        .describe('changes in this span are left out until a reconciliation finds them; null: none are'),
      runningDelta: z.string().nullable().describe('a delta that is running: it ends without moving the cursor'),
    }),
  run: () => import('./work/cursor.js').then(({ moveCursor }) => moveCursor),
});
