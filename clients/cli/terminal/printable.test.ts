import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createColors } from 'picocolors';
import { printable, printableJson } from './printable';

const everything = Array.from({ length: 0x2100 }, (_, code) => String.fromCharCode(code)).join('');
/** What terminals are known to obey, by the character that begins it. */
const attacks = [
  ['clears the screen', '\u001b[2J'],
  ['renames the window', '\u001b]0;root@production\u0007'],
  ['writes the clipboard', '\u001b]52;c;cm0gLXJmIH4K\u0007'],
  ['moves the cursor up and overwrites', 'row 1\u001b[1A\u001b[2Kno rows'],
  ['does so without ESC', '\u009b2J'],
  ['hides text', '\u001b[8mhidden'],
  ['overwrites the line', 'deleted 5 rows\rdeleted 0 rows'],
  ['deletes to the left', 'not\u0008\u0008\u0008now'],
  ['turns text around', 'invoice\u202egnp.exe'],
  ['isolates text', '\u2066abc\u2069\u200f\u061c'],
  ['asks the terminal to answer', '\u0005\u001b[c'],
] as const;

test.each(attacks)('text that %s is shown and not obeyed, with colours and without', (_what, text) => {
  for (const coloured of [false, true]) {
    const shown = printable(`the source said: ${text}`, coloured);
    expect(shown).toMatch(/\\u[0-9a-f]{4}/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must be gone
    expect(shown).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
  }
});

test('everything else stays as it is', () => {
  const text = 'Žofie, 李, 🧭, \u200d, a\tb\nc';
  expect(printable(text, false)).toBe(text);
  expect(printable(text, true)).toBe(text);
});

test('our own colours stay, and none goes on after the text', () => {
  const { bold, dim, green, red, yellow, cyan } = createColors(true);
  const text = [bold, dim, green, red, yellow, cyan].map((colour) => colour('x')).join(' ');
  expect(printable(`${text}\n`, true)).toBe(`${text}\u001b[0m\n`);
  expect(printable('\u001b[31mred by the source', true).endsWith('\u001b[0m')).toBe(true);
  expect(printable(text, false)).not.toContain('\u001b');
});

test('JSON says the same as before, and holds none of these characters', () => {
  const document = { text: everything, attacks };
  const shown = printableJson(document);
  expect(JSON.parse(shown)).toEqual(JSON.parse(JSON.stringify(document)));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these must be gone
  expect(shown).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
});

test('nothing of the CLI writes to the terminal in another way', () => {
  const folder = join(__dirname, '..');
  const writers = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .filter((file) => /\bconsole\.|\bstd(out|err)\.write\(/.test(readFileSync(join(folder, file), 'utf8')));
  // main.ts writes nothing but an empty text, to know when the others have left
  expect(writers.sort()).toEqual(['main.ts', join('terminal', 'shell.ts')]);
});
