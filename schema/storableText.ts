/**
 * Text that PostgreSQL can hold, in text as in jsonb: it knows neither U+0000 nor half of a surrogate pair. Each of
 * those becomes U+FFFD, the replacement character.
 */
export function storableText(text: string): string {
  return isStorable(text) ? text : text.replace(/\0|\p{Surrogate}/gu, '\uFFFD');
}

export function isStorable(text: string): boolean {
  return !/\0|\p{Surrogate}/u.test(text);
}

/** A value as JSON text for a jsonb parameter; strings in it, keys too, become storable. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_key, item) => {
    if (typeof item === 'string') return storableText(item);
    if (typeof item === 'bigint') return String(item);
    if (item !== null && typeof item === 'object' && !Array.isArray(item) && !Object.keys(item).every(isStorable)) {
      return Object.fromEntries(Object.entries(item).map(([key, field]) => [storableText(key), field]));
    }
    return item;
  });
}
