/**
 * What a terminal obeys instead of showing it: control characters but line feed and tab, among them ESC and the C1 controls (U+009B
 * begins a sequence as ESC [ does), and the marks that turn the direction of text. A record of a source can hold any of them.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters meant
const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The codes that our own colours are made of; see `Colours`. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a colour begins with ESC
const colour = /(\u001b\[(?:1|2|22|3[1-6]|39)m)/;
const reset = '\u001b[0m';

/**
 * Text that can be printed on a terminal, whoever wrote it: what a terminal would obey is written as `\u001b`. All that the CLI prints
 * goes through here. With `coloured`, our own colours stay, and end with the text.
 */
export function printable(text: string, coloured: boolean): string {
  if (!coloured) return text.replace(obeyed, escaped);
  const parts = text.split(colour);
  const shown = parts.map((part, index) => (index % 2 === 1 ? part : part.replace(obeyed, escaped))).join('');
  return parts.length === 1 ? shown : `${withoutFinalNewline(shown)}${reset}${shown.endsWith('\n') ? '\n' : ''}`;
}

/** JSON that says the same without any such character. */
export function printableJson(document: unknown): string {
  // JSON.stringify has escaped those below U+0020 in texts; its own line feeds are no characters of a text
  return JSON.stringify(document, undefined, 2).replace(obeyed, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function withoutFinalNewline(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text;
}
