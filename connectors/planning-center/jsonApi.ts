import type { z } from 'zod';
import type { EntityInput } from '../../schema';

type Listings = EntityInput<z.ZodObject, never>['listings'];

/**
 * The four ways to read one kind of record: all Planning Center lists work alike.
 * Docs (below https://api.planningcenteronline.com/docs): overview/json-api, overview/dates-times, and the Pagination table of each page.
 *
 * - Lists can't be ordered by id, so what must not shift while it is read is ordered by `created_at`, which never changes;
 *   a deletion still pulls later records forward, which the overlap of the pages shows.
 * - `changes` asks with `gte`: the API shows whole seconds but may keep fractions, and `gt` would lose ties.
 * - `ids` asks for `updated_at` only; ids are always part of a JSON:API record.
 */
export function jsonApiListings(path: string, type: string): Listings {
  const page = {
    path,
    paging: { scheme: 'offset', sizeParam: 'per_page', pageSize: 100, overlap: 1, more: 'links.next' },
    records: 'data',
    total: 'meta.total_count',
    error: 'errors',
  } as const;
  return {
    all: { ...page, query: { order: 'created_at' } },
    changes: {
      ...page,
      query: { order: 'updated_at' },
      since: { param: 'where[updated_at][gte]', form: 'iso-seconds', boundary: 'inclusive' },
    },
    ids: { ...page, query: { order: 'created_at', [`fields[${type}]`]: 'updated_at' } },
    one: { path: `${path}/{id}`, record: 'data', error: 'errors' },
  };
}
