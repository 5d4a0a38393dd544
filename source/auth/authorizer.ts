import type { Auth } from '../../schema/definition/auth/auth';
import type { SecretName } from '../../schema/definition/auth/secretName';
import type { ErrorOptions, ErrorType, TidemarkError } from '../../schema/errors';
import type { TokenStore } from '../../schema/ports';
import { headerProblem } from '../../schema/text/headerText';
import { isWellFormed } from '../../schema/text/storableText';

/** A request about to be sent; schemes write into it. */
export interface Outgoing {
  readonly url: URL;
  readonly headers: Record<string, string>;
}

/** Which credentials a request carried, where they can be renewed. */
export type Credential = number | undefined;

/** Proves to the source who asks. */
export interface Authorizer {
  /** Called for every request that is sent, also after a renewal. Throws TidemarkError where there are no credentials to send. */
  authorize(request: Outgoing, signal: AbortSignal): Credential | Promise<Credential>;
  /** Gets a fresh token. Called once when a request is answered 401, with what it carried; the request is then sent once more. */
  renew?(refused: Credential, signal: AbortSignal): Promise<void>;
  /** A request was accepted with what it carried. */
  accepted?(credential: Credential): Promise<void>;
  /** A request was answered 401 although its credentials had just been renewed. */
  refusedAgain?(credential: Credential): Promise<void>;
  /** The query parameter that carries the secret; it is taken out of page links before they are kept. */
  readonly queryParameter?: string;
}

/** One scheme: its declaration and the connection's secrets in, an authorizer out. Throws UnusableSecret. */
export type AuthScheme<A extends Auth> = (auth: A, secrets: Secrets, context: AuthContext) => Authorizer;

/** What a scheme that sends requests of its own works with. */
export interface AuthContext {
  /** undefined where a client is made that has none, such as in a test of another scheme */
  readonly tokens: TokenStore | undefined;
  readonly endpoint: TokenEndpoint;
}

/** The token endpoint of a connection, over the engine's own transport. */
export interface TokenEndpoint {
  /** A text of the definition with its `{settings}`. */
  fill(template: string): string;
  /** The address of a template with its `{settings}`. Throws TidemarkError 'Usage'. */
  address(template: string): URL;
  /** Waits for leave of the connection's request budget. Throws TidemarkError 'SourceAsksToWait'. */
  leave(signal: AbortSignal): Promise<void>;
  /**
   * Sends one POST. Nothing is repeated, no redirect followed; it ends within `timeoutMs`, body included. Throws NoTokenResponse.
   * A response that asks to wait is obeyed by all workers.
   */
  post(url: URL, headers: Readonly<Record<string, string>>, form: string, timeoutMs: number): Promise<TokenResponse>;
  /** Blots these out wherever a message could show them. */
  hide(values: readonly string[]): void;
  /** An error that says what happened, to whom, and what to do; without secrets. */
  error(type: ErrorType, problem: string, todo: string, options?: ErrorOptions): TidemarkError;
  /** The text without secrets. */
  redact(text: string): string;
  /** The beginning of a body, on one line and without secrets. */
  excerpt(body: string): string;
}

export interface TokenResponse {
  readonly status: number;
  readonly body: string;
}

/** The token endpoint sent no response that can be read. */
export class NoTokenResponse extends Error {
  readonly error: TidemarkError;
  /** whether it may have acted on the request */
  readonly delivered: boolean;

  constructor(error: TidemarkError, delivered: boolean) {
    super(error.message);
    this.error = error;
    this.delivered = delivered;
  }
}

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
