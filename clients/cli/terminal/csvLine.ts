/** Values as one line of CSV. A value that a spreadsheet would run as a formula is kept from it by an apostrophe. */
export function csvLine(values: readonly string[]): string {
  const quoted = values.map((value) => `"${(/^[=+\-@\t\r]/.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`);
  return `${quoted.join(',')}\n`;
}
