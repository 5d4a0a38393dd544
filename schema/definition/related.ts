import { z } from 'zod';
import { duration } from '../duration';
import type { JsonObject } from '../json/json';
import { aFunction, pathOrFunction } from './callbacks';
import { severalListing, severalMistakes } from './listings/several';

/**
 * Records that belong to a record of this entity and are listed apart from it, such as the contacts of a customer. The engine requests
 * them for several records at once, reads every page, and stores them with the row. `map` gets them as `context.related.<name>`, ordered
 * by their keys. They have times of their own: of two readings, the one that was sent later is kept, and two that overlap in time
 * and disagree are read again.
 * @example
 * {
 *   listing: {
 *     path: '/customers/contacts',
 *     query: { customerIds: '{ids}' },
 *     max: 25,
 *     paging: { scheme: 'page', sizeParam: 'pageSize', pageSize: 500, more: 'hasMore' },
 *     records: 'data',
 *   },
 *   parent: 'customerId',
 *   key: 'id',
 *   gone: (contact) => contact.active === false,
 *   readAgain: '7d',
 * }
 */
export const related = z.strictObject({
  /** Lists what belongs to several records at once. */
  listing: severalListing,
  /** Where a related record contains the id of the record that it belongs to: a dotted path, or a function. */
  parent: pathOrFunction,
  /** Where a related record contains its own id: a dotted path, or a function. */
  key: pathOrFunction.default('id'),
  /** Recognises a related record that is listed but removed. */
  gone: aFunction.optional(),
  /**
   * How often the related records of all rows are read again. A related record that was changed or removed need not change the version
   * of the record that it belongs to, so nothing else finds it.
   */
  readAgain: duration,
});

/** What the engine uses: defaults filled in, callbacks taking an unknown record. */
export type Related = z.infer<typeof related>;

/** What an author writes. */
export type RelatedInput = Omit<z.input<typeof related>, 'parent' | 'key' | 'gone'> & {
  readonly parent: string | ((record: JsonObject) => unknown);
  readonly key?: string | ((record: JsonObject) => unknown);
  readonly gone?: (record: JsonObject) => boolean;
};

export const relatedByName = z.record(
  z.string().regex(/^[a-z][a-zA-Z0-9_]{0,47}$/, {
    error: 'must start with a lower-case letter and hold only letters, digits and underscores, 48 at most',
  }),
  related,
);

/** What is wrong with the related records of an entity, with the path of each mistake. */
export function relatedMistakes(
  where: string,
  byName: Readonly<Record<string, Related>>,
  { hasOne, keepsRaw }: { readonly hasOne: boolean; readonly keepsRaw: boolean },
): string[] {
  const names = Object.keys(byName);
  if (names.length === 0) return [];
  return [
    ...(hasOne
      ? []
      : [
          `${where}.listings.one: required with related, since a record whose related records could not be read is fetched again`,
        ]),
    ...(keepsRaw ? [] : [`${where}.raw: required with related, since a row is mapped again when they change`]),
    ...names.flatMap((name) => severalMistakes(`${where}.related.${name}.listing`, (byName[name] as Related).listing)),
  ];
}
