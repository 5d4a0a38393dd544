/**
 * Why a text cannot be the base URL of a source; undefined where it can. It is checked where a connection is saved, and again where it is
 * used, since a row of the database can be changed by others.
 */
export function baseUrlProblem(text: unknown): string | undefined {
  if (typeof text !== 'string' || !URL.canParse(text)) return 'is not a URL';
  const { protocol, username, password } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:') return 'is neither http nor https';
  if (username !== '' || password !== '') return 'carries a user name or password; those belong among the secrets';
  return undefined;
}
