import { z } from 'zod';
import { duration } from '../duration';
import type { JsonObject } from '../json/json';
import { aFunction, pathOrFunction } from './callbacks';
import { relatedChanges, relatedChangesMistakes } from './listings/relatedChanges';
import { relatedIds, relatedIdsMistakes } from './listings/relatedIds';
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
 *   changes: {
 *     path: '/customers/contacts',
 *     paging: { scheme: 'page', sizeParam: 'pageSize', pageSize: 500, more: 'hasMore' },
 *     records: 'data',
 *     since: { param: 'modifiedOnOrAfter', field: 'modifiedOn', form: 'iso-seconds', boundary: 'inclusive' },
 *   },
 *   ids: {
 *     path: '/export/customers/contacts',
 *     paging: { scheme: 'token', param: 'from', next: 'continueFrom', more: 'hasMore' },
 *     records: 'data',
 *   },
 *   parent: 'customerId',
 *   key: 'id',
 *   version: 'modifiedOn',
 *   gone: (contact) => contact.active === false,
 *   readAgain: '7d',
 * }
 */
export const related = z.strictObject({
  /** Lists what belongs to several records at once. */
  listing: severalListing,
  /** Lists the related records that were changed since a cursor of its own. Each delta then reads it, and what belongs to the records that it names. */
  changes: relatedChanges.optional(),
  /** Lists the related records of all records: a reconciliation compares them with what the rows hold. `key` must then be a path. */
  ids: relatedIds.optional(),
  /** Where a related record contains the id of the record that it belongs to: a dotted path, or a function. */
  parent: pathOrFunction,
  /** Where a related record contains its own id: a dotted path, or a function. */
  key: pathOrFunction.default('id'),
  /** Path in a related record to its version, such as `modifiedOn`: text or a whole number. A reconciliation compares it with that in `ids`. */
  version: z.string().min(1).optional(),
  /** Recognises a related record that is listed but removed. */
  gone: aFunction.optional(),
  /**
   * How often the related records of all rows are read again, and of the records that `map` skipped. A related record that was changed or removed need not change the version
   * of the record that it belongs to. Required unless something else finds it: `changes` with `listsRemoved`; or `ids`, with a
   * `version` or with `changes`.
   */
  readAgain: duration.optional(),
});

/** What the engine uses: defaults filled in, callbacks taking an unknown record. */
export type Related = z.infer<typeof related>;

interface NamesParent {
  readonly parent?: string | ((record: JsonObject) => unknown);
}

/** What an author writes. */
export type RelatedInput = Omit<z.input<typeof related>, 'parent' | 'key' | 'gone' | 'changes' | 'ids'> & {
  readonly changes?: Omit<z.input<typeof relatedChanges>, 'parent'> & NamesParent;
  readonly ids?: Omit<z.input<typeof relatedIds>, 'parent'> & NamesParent;
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

const unfound =
  'required, since nothing else finds what was changed or removed alone: neither `changes` with `listsRemoved`, nor `ids` with `version` or `changes`';

function isFound({ changes, ids, version, readAgain }: Related): boolean {
  if (readAgain !== undefined || changes?.listsRemoved) return true;
  return ids !== undefined && (version !== undefined || changes !== undefined);
}

/** What is wrong with the related records of an entity, with the path of each mistake. */
export function relatedMistakes(
  where: string,
  byName: Readonly<Record<string, Related>>,
  {
    hasOne,
    hasChanges,
    keepsRaw,
  }: { readonly hasOne: boolean; readonly hasChanges: boolean; readonly keepsRaw: boolean },
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
    ...Object.entries(byName).flatMap(([name, kind]) => {
      const { listing, changes, ids } = kind;
      const at = `${where}.related.${name}`;
      const needless = `${at}.changes: needs \`listings.changes\`; without it each delta reads all related records`;
      return [
        ...severalMistakes(`${at}.listing`, listing),
        ...(changes === undefined ? [] : relatedChangesMistakes(`${at}.changes`, changes)),
        ...(changes === undefined || hasChanges ? [] : [needless]),
        ...(ids === undefined ? [] : relatedIdsMistakes(`${at}.ids`, ids)),
        ...(ids === undefined || typeof kind.key === 'string'
          ? []
          : [`${at}.key: must be a path with \`ids\`, since PostgreSQL reads it too`]),
        ...(isFound(kind) ? [] : [`${at}.readAgain: ${unfound}`]),
      ];
    }),
  ];
}
