import { endOfString } from '../../schema/json/exactJson';

/** The elements of a JSON list as they are written, each by itself. The text is valid JSON of a list. One pass over it. */
export function elementsOf(list: string): string[] {
  const elements: string[] = [];
  let depth = 0;
  let from = -1;
  for (let at = 0; at < list.length; at += 1) {
    const character = list[at];
    if (character === '"') {
      at = endOfString(list, at) - 1;
    } else if (character === '[' || character === '{') {
      depth += 1;
      if (depth === 1) from = at + 1;
    } else if (character === ',' && depth === 1) {
      elements.push(list.slice(from, at).trim());
      from = at + 1;
    } else if (character === ']' || character === '}') {
      depth -= 1;
      if (depth === 0) {
        const last = list.slice(from, at).trim();
        if (last !== '') elements.push(last);
      }
    }
  }
  return elements;
}
