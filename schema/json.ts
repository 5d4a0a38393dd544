/** What JSON.parse can return. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/**
 * The value at a dotted path (`attributes.updated_at`, `data.0.id`), or undefined where the path leads nowhere.
 * The empty path is the value itself.
 */
export function valueAt(value: unknown, path: string): unknown {
  if (path === '') return value;
  let here: unknown = value;
  for (const step of path.split('.')) {
    if (here === null || typeof here !== 'object' || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<string, unknown>)[step];
  }
  return here;
}
