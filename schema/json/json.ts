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

/**
 * The value at the first of several dotted paths that is there, even where it is null: for sources that call a field by several names.
 * With `??` instead, a value that was cleared would come back from a stale synonym. Undefined where none is there.
 * @example
 * map: (record) => ({ phone: firstPresent(record, 'phoneNo', 'contact.phone') })
 */
export function firstPresent(value: unknown, ...paths: readonly string[]): unknown {
  for (const path of paths) {
    const found = valueAt(value, path);
    if (found !== undefined) return found;
  }
  return undefined;
}
