/**
 * Why a header cannot carry a value; undefined where it can. Node writes headers as Latin-1, and axios leaves out what does not fit
 * without a word, so that `ü€` would go out as `ü`: another tenant, or another password.
 * https://www.rfc-editor.org/rfc/rfc9110#section-5.5
 */
export function headerProblem(name: string, value: string): string | undefined {
  const character = /[^\t\u0020-\u007e\u00a0-\u00ff]/u.exec(value)?.[0];
  if (character === undefined) {
    return /^\s|\s$/.test(value)
      ? `header '${name}' begins or ends with white space, which no header keeps`
      : undefined;
  }
  const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  return `header '${name}' cannot hold the character U+${code}: headers carry printable Latin-1 characters only`;
}
