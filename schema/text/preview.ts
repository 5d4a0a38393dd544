/** Values looked at for a preview; the rest is an ellipsis. */
const mostValues = 200;

/** The beginning of a value as JSON, for messages: at most about `length` characters, whatever the size and depth of the value. */
export function preview(value: unknown, length: number): string {
  let left = mostValues;
  let room = length;
  const write = (text: string): string => {
    room -= text.length;
    return text;
  };
  const shown = (item: unknown): string => {
    left -= 1;
    if (left < 0 || room < 0) return '…';
    if (typeof item === 'string')
      return write(JSON.stringify(item.length > length ? `${item.slice(0, length)}…` : item));
    if (typeof item === 'bigint') return write(String(item));
    if (typeof item !== 'object' || item === null) return write(JSON.stringify(item) ?? String(item));
    if (item instanceof Date) return write(Number.isNaN(item.getTime()) ? 'an invalid Date' : item.toISOString());
    const parts: string[] = [];
    if (Array.isArray(item)) {
      for (const element of item) {
        if (left <= 0 || room <= 0) return `[${parts.join(',')},…]`;
        parts.push(shown(element));
      }
      return `[${parts.join(',')}]`;
    }
    for (const name in item) {
      if (left <= 0 || room <= 0) return `{${parts.join(',')},…}`;
      parts.push(`${write(JSON.stringify(name.slice(0, length)))}:${shown((item as Record<string, unknown>)[name])}`);
    }
    return `{${parts.join(',')}}`;
  };
  const text = shown(value);
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
