import { z } from 'zod';
import { placeholdersIn } from './placeholders';

/**
 * A path of a service that Tidemark replaces, for callers that know it by that path. The request does what an operation does, behind the same
 * key. A path may have several aliases: the first whose `when` was sent counts.
 * @example
 * {
 *   method: 'POST',
 *   path: '/debug/add-note',
 *   operation: 'touch',
 *   when: 'customerId',
 *   input: { connection: '{accountId}', entity: 'people', id: '{customerId}', text: '{text}' },
 *   reason: 'asked for at /debug/add-note',
 *   ignore: ['tenantId'],
 * }
 */
export const alias = z.strictObject({
  /** `GET` takes its fields from the query, `POST` from a JSON body. */
  method: z.enum(['GET', 'POST']),
  /** The path that callers know. No other route of the server may have it. */
  path: z.string().regex(/^\/[\w./-]+$/, { error: 'must begin with a slash and hold no parameters' }),
  /** The name of the operation, as the command line has it: `sync`, `record raw`. A `GET` needs one that only looks. */
  operation: z.string().min(1),
  /** A field without which this alias is passed over. */
  when: z.string().min(1).optional(),
  /** The fields of the operation. `{name}` stands for the field that the caller sends; one that was not sent is left out. */
  input: z.record(z.string(), z.string()),
  /** The reason that is kept in the audit, where the operation takes one. */
  reason: z.string().min(1).optional(),
  /** Further fields that callers send, which say nothing here. */
  ignore: z.array(z.string()).default([]),
});
export type Alias = z.infer<typeof alias>;
export type AliasInput = z.input<typeof alias>;

/** The names of the fields that a caller may send. */
export function fieldsOfAlias({ input, when, ignore }: Alias): string[] {
  const used = placeholdersIn({ path: '', query: input }).map(([, name]) => name);
  return [...new Set([...used, ...(when === undefined ? [] : [when]), ...ignore])];
}
