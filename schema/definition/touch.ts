import { z } from 'zod';
import { placeholdersIn } from './placeholders';

/**
 * A harmless change of one record at the source, such as a note, by which an operator tests that changes arrive: `tidemark touch`.
 * `{id}` is replaced by the record's id, and `{text}` by what the operator writes. The request is sent once at most.
 * @example
 * {
 *   path: '/v2/people/{id}/notes',
 *   query: { notify: false },
 *   headers: { 'X-Api-Version': '2026-01' },
 *   method: 'POST',
 *   body: { text: '{text}' },
 * }
 */
export const touch = z.strictObject({
  /** The path of the request. `{…}` is replaced as in a listing. */
  path: z.string().startsWith('/'),
  /** Query parameters of the request. */
  query: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  /** Headers of the request, in addition to those of the connector. */
  headers: z.record(z.string(), z.string()).optional(),
  /** Always `POST`. */
  method: z.literal('POST').default('POST'),
  /** What is sent as JSON. */
  body: z.json().optional(),
});
export type Touch = z.infer<typeof touch>;
export type TouchRequest = z.input<typeof touch>;

/** What is wrong with such a request, with the path of each mistake. */
export function touchMistakes(at: string, request: Touch): string[] {
  const names = placeholdersIn(request).map(([, name]) => name);
  return names.includes('id') ? [] : [`${at}.path: must contain {id}, or the query or the body must`];
}
