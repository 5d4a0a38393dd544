/** Sixteen digits in a row: the shortest literal that a double may not hold exactly. Also true of many strings; those cost one slow parse. */
const longDigits = /[:,[\s]-?\d{16}|^-?\d{16}/;
const integerAt = /-?\d+(?![\d.eE])/y;
const numberAt = /-?[\d.eE+-]+/y;

/**
 * JSON.parse that keeps integers beyond 2^53 exact: they come out as strings of their digits, so that
 * `9007199254740993` is not rounded to another record's id. Everything else is as JSON.parse gives it. Throws SyntaxError.
 */
export function parseJson(text: string): unknown {
  return JSON.parse(longDigits.test(text) ? quoteLongIntegers(text) : text);
}

function quoteLongIntegers(text: string): string {
  let out = '';
  let copied = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      at = endOfString(text, at);
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      integerAt.lastIndex = at;
      const literal = integerAt.exec(text)?.[0];
      if (literal === undefined) {
        numberAt.lastIndex = at;
        at += numberAt.exec(text)?.[0].length ?? 1;
      } else {
        if (literal.length >= 16 && !Number.isSafeInteger(Number(literal))) {
          out += `${text.slice(copied, at)}"${literal}"`;
          copied = at + literal.length;
        }
        at += literal.length;
      }
    } else {
      at += 1;
    }
  }
  return out + text.slice(copied);
}

/** The place after the string that begins at `at`; searched with indexOf, since a regular expression recurses on long strings. */
function endOfString(text: string, at: number): number {
  let quote = text.indexOf('"', at + 1);
  while (quote !== -1) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    quote = text.indexOf('"', quote + 1);
  }
  return text.length;
}
