import { z } from 'zod';
import { valueAt } from '../../json/json';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
/**
 * A value in the body of a response that means something.
 * @example
 * { path: 'status', is: ['error', 'fail'] }
 */
export const valueIs = z.strictObject({
  /** Dotted path in the body to the value. The empty path is the body itself. */
  path: z.string(),
  /** The value, or a list of which any counts. */
  is: z.union([scalar, z.array(scalar).min(1)]),
});
export type ValueIs = z.infer<typeof valueIs>;

/** Whether the body has one of the values there. */
export function holds(body: unknown, { path, is }: ValueIs): boolean {
  const value = valueAt(body, path);
  return Array.isArray(is) ? is.some((one) => one === value) : value === is;
}

/**
 * What says that another page follows: a path whose value then is present and neither null, false nor empty, or a path and the value
 * that says so.
 */
export const more = z.union([z.string().min(1), valueIs]);
export type More = z.infer<typeof more>;
