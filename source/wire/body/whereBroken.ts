/** Where a text stops being JSON. */
export interface Broken {
  /** in characters, from 0 */
  readonly offset: number;
  /** from 1 */
  readonly line: number;
  readonly column: number;
  /** of the value that is broken: `data.12.amount`; '' for the whole */
  readonly path: string;
  /** what would have been JSON here, and what is there */
  readonly problem: string;
}

/** Deeper places are reported by their offset alone. */
const deepestPath = 100;

const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;

/** Finds the first place where a text is no JSON; undefined where it is JSON. Takes time in proportion to the text. */
export function whereBroken(text: string): Broken | undefined {
  const open: { list: boolean; step: string | number }[] = [];
  let depth = 0;
  /** of the containers too deep for a path: their brackets */
  const deeper: boolean[] = [];
  let at = 0;
  let expected = 'value' as 'value' | 'key' | 'colon' | 'comma' | 'first' | 'end';
  const broken = (wanted: string, offset = at): Broken => {
    const before = text.slice(0, offset);
    const lineStart = before.lastIndexOf('\n') + 1;
    const found = offset >= text.length ? 'the text ends' : `${JSON.stringify(text.charAt(offset))} is there`;
    return {
      offset,
      line: before.split('\n').length,
      column: offset - lineStart + 1,
      path: open.map(({ step }) => String(step).slice(0, 60)).join('.'),
      problem: `${wanted} is expected, but ${found}`,
    };
  };
  const inList = () => (depth > deepestPath ? deeper.at(-1) : open.at(-1)?.list) === true;
  const afterValue = () => {
    expected = depth === 0 ? 'end' : 'comma';
  };
  for (;;) {
    while (at < text.length && ' \n\r\t'.includes(text.charAt(at))) at += 1;
    const char = text.charAt(at);
    const first: boolean = expected === 'first';
    if (expected === 'end') return char === '' ? undefined : broken('nothing more');
    if (expected === 'colon') {
      if (char !== ':') return broken("':'");
      at += 1;
      expected = 'value';
    } else if (expected === 'comma' || (first && (char === '}' || char === ']'))) {
      const closing = inList() ? ']' : '}';
      if (char === closing) {
        if (depth > deepestPath) deeper.pop();
        else open.pop();
        depth -= 1;
        at += 1;
        afterValue();
      } else if (char === ',' && !first) {
        at += 1;
        const here = open.at(-1);
        if (here && depth <= deepestPath && typeof here.step === 'number') here.step += 1;
        expected = inList() ? 'value' : 'key';
      } else return broken(first ? `'${closing}' or a value` : `',' or '${closing}'`);
    } else if (expected === 'key' || (first && !inList())) {
      if (char !== '"') return broken('a key in quotes');
      const end = stringEnd(text, at);
      if (typeof end !== 'number') return broken(end.wanted, end.at);
      const here = open.at(-1);
      if (here && depth <= deepestPath) here.step = text.slice(at + 1, end - 1);
      at = end;
      expected = 'colon';
    } else if (char === '"') {
      const end = stringEnd(text, at);
      if (typeof end !== 'number') return broken(end.wanted, end.at);
      at = end;
      afterValue();
    } else if (char === '{' || char === '[') {
      depth += 1;
      const list = char === '[';
      if (depth > deepestPath) deeper.push(list);
      else open.push({ list, step: list ? 0 : '' });
      at += 1;
      expected = 'first';
    } else {
      scalar.lastIndex = at;
      const found = scalar.exec(text);
      if (!found) return broken('a value');
      at += found[0].length;
      afterValue();
    }
  }
}

const hex = /[0-9a-fA-F]{4}/y;

/** The place behind the string that begins at `from`, or where it is broken. */
function stringEnd(text: string, from: number): number | { readonly at: number; readonly wanted: string } {
  for (let at = from + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) return { at, wanted: 'an escape instead of a control character' };
    if (code !== 0x5c) continue;
    at += 1;
    if (text.charCodeAt(at) === 0x75) {
      hex.lastIndex = at + 1;
      if (!hex.test(text)) return { at: at + 1, wanted: 'four hexadecimal digits' };
    } else if (!'"\\/bfnrt'.includes(text.charAt(at) || ' ')) return { at, wanted: 'an escape of JSON' };
  }
  return { at: text.length, wanted: "'\"'" };
}
