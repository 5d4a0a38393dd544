import type { Z } from './fields';

const count = (z: Z) => z.int().min(0);

/** What happened to the answers of a run. */
export function counts(z: Z) {
  return z.strictObject({
    inserted: count(z),
    updated: count(z),
    unchanged: count(z),
    refused: count(z).describe('the answer ranked lower than what the row holds'),
    disputed: count(z),
    deleted: count(z).describe('soft-deleted'),
    skipped: count(z),
    excluded: count(z).describe('live at the source, and excluded by a row of another table'),
    errors: count(z).describe('set aside as invalid or conflict'),
    duplicates: count(z).describe('records with the key of another of the same run'),
    rekeyed: count(z).describe('rows that got a better key of their record'),
    outside: count(z).describe(
      'records outside of the window of time that was asked for; they are counted under their outcome, too',
    ),
  });
}
