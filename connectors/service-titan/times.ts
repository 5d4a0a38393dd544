/** An instant of the API, or null for a time that was never set: it comes as `0001-01-01T00:00:00Z`. */
export function instantOrNull(text: string | null | undefined): string | null {
  return text === null || text === undefined || text.startsWith('0001-') ? null : text;
}
