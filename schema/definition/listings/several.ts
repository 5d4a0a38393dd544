import { z } from 'zod';
import { placeholdersIn } from '../placeholders';
import { listing } from './listing';

/**
 * A request for what belongs to several ids at once, paged like a listing. `{ids}` stands for them: joined by `separator` inside a text,
 * and a JSON list where it is a whole text of `body`.
 * @example
 * {
 *   path: '/customers/contacts/search',
 *   query: { active: 'any' },
 *   headers: { 'X-Api-Version': '2026-01' },
 *   method: 'POST',
 *   body: { customerIds: '{ids}' },
 *   params: 'query',
 *   max: 25,
 *   separator: ',',
 *   paging: { scheme: 'page', sizeParam: 'pageSize', pageSize: 500, more: 'hasMore' },
 *   records: 'data',
 *   total: 'totalCount',
 *   error: 'error',
 *   empty: { path: 'data', is: null },
 * }
 */
export const severalListing = listing.omit({ covers: true, heldBack: true, tabular: true, report: true }).extend({
  /** How many ids one request may ask for. */
  max: z.int().min(1).max(1_000).default(25),
  /** What separates two ids in a text. */
  separator: z.string().min(1).max(3).default(','),
});
export type SeveralListing = z.infer<typeof severalListing>;
export type SeveralListingInput = z.input<typeof severalListing>;

/** What is wrong with such a request by itself, with the path of each mistake. */
export function severalMistakes(at: string, request: SeveralListing): string[] {
  const places = placeholdersIn(request).filter(([, name]) => name === 'ids');
  if (places.length === 0) return [`${at}.path: must contain {ids}, or the query or the body must`];
  return places.flatMap(([place]) =>
    place.startsWith('headers') ? [`${at}.${place}: {ids} may be in path, query and body only`] : [],
  );
}
