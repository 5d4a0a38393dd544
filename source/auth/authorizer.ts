import type { Auth } from '../../schema/definition/auth';
import type { SecretName } from '../../schema/definition/secretName';
import { headerProblem } from '../../schema/headerText';
import { isWellFormed } from '../../schema/storableText';

/** A request about to be sent; schemes write into it. */
export interface Outgoing {
  readonly url: URL;
  readonly headers: Record<string, string>;
}

/** Proves to the source who asks. */
export interface Authorizer {
  /** Called for every request that is sent, also after a renewal. */
  authorize(request: Outgoing): void | Promise<void>;
  /** Gets a fresh token. Called once when a request is answered 401; the request is then sent once more. */
  renew?(signal: AbortSignal): Promise<void>;
  /** The query parameter that carries the secret; it is taken out of page links before they are kept. */
  readonly queryParameter?: string;
}

/** One scheme: its declaration and the connection's secrets in, an authorizer out. */
export type AuthScheme<A extends Auth> = (auth: A, secrets: Secrets) => Authorizer;

/** A secret is missing or cannot be sent; `message` says which, never its value. */
export class UnusableSecret extends Error {}

/** The named secret without the line break that pasting leaves. Throws UnusableSecret. */
export function secretOf(secrets: Secrets, name: SecretName): string {
  const value = (Object.hasOwn(secrets, name) ? secrets[name] : undefined)?.trim();
  if (value === undefined || value === '') throw new UnusableSecret(`the secret '${name}' is missing`);
  if (/[\p{Cc}\u2028\u2029]/u.test(value)) {
    throw new UnusableSecret(`the secret '${name}' holds a line break or another control character`);
  }
  if (!isWellFormed(value)) throw new UnusableSecret(`the secret '${name}' holds half a surrogate pair`);
  return value;
}

/** The same for a secret that goes out in a header as it is. Throws UnusableSecret, which does not say which character it was. */
export function headerSecretOf(secrets: Secrets, name: SecretName, header: string): string {
  const value = secretOf(secrets, name);
  if (headerProblem(header, value) === undefined) return value;
  throw new UnusableSecret(`the secret '${name}' holds a character that the header '${header}' cannot hold`);
}

/** Secrets of one connection by name. */
export type Secrets = Readonly<Record<string, string>>;
