import { isHeldByNumber } from './decimal';
import { endOfNumber, endOfString, isJsonNumber, isShort } from './exactJson';

/**
 * The numbers of a JSON text that a double does not hold, by their digits as they are written, each with the names of the members that
 * hold them; an element of a list has the name of the list.
 */
export function longNumbers(json: string): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  const outer: string[] = [];
  let name = '';
  for (let at = 0; at < json.length; ) {
    const code = json.charCodeAt(at);
    if (code === 0x22) {
      const end = endOfString(json, at);
      if (isMember(json, end)) name = String(JSON.parse(json.slice(at, end)));
      at = end;
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      const end = endOfNumber(json, at);
      const literal = json.slice(at, end);
      if (isJsonNumber(literal) && !isShort(literal) && !isHeldByNumber(literal)) {
        const names = found.get(literal);
        if (names) names.add(name);
        else found.set(literal, new Set([name]));
      }
      at = end;
    } else {
      if (code === 0x7b || code === 0x5b) outer.push(name);
      else if (code === 0x7d || code === 0x5d) name = outer.pop() ?? '';
      at += 1;
    }
  }
  return found;
}

/** Whether a string is the name of a member: a colon follows. */
function isMember(json: string, end: number): boolean {
  let at = end;
  while (json.charCodeAt(at) <= 0x20) at += 1;
  return json.charCodeAt(at) === 0x3a;
}
