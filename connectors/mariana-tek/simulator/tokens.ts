import { randomUUID } from 'node:crypto';
import type { Answer } from '../../simulator/answer';
import { jsonAnswer, oauthError } from './answers';

/** What lets a client in at a brand. */
export interface Account {
  readonly username: string;
  readonly password: string;
  /** the official way: a key that does not expire */
  readonly apiKey: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What a token may do. A user's own token reads none of the data of the brand. */
export type Scope = 'admin' | 'read:account';

interface Issued {
  readonly scope: Scope;
  /** milliseconds since 1970 */
  readonly until: number;
}

/** The tokens of one brand: short ones, and refresh tokens that can be used once. */
export class Tokens {
  lifeSeconds = 600;
  /** whether a client that does not name itself gets a token that may read no data of the brand */
  limitedWithoutClient = false;
  private access = new Map<string, Issued>();
  private refresh = new Map<string, Scope>();
  private password: string;

  constructor(
    private readonly account: Account,
    private readonly now: () => number,
  ) {
    this.password = account.password;
  }

  /** The answer of `POST /o/token/`. */
  answer(form: URLSearchParams): Answer {
    const { clientId, clientSecret } = this.account;
    const [id, secret] = [form.get('client_id'), form.get('client_secret')];
    if (id !== null && id !== clientId) return oauthError('invalid_client', 401);
    if (secret !== null && secret !== clientSecret) return oauthError('invalid_client', 401);
    switch (form.get('grant_type')) {
      case 'password': {
        if (form.get('username') !== this.account.username || form.get('password') !== this.password)
          return oauthError('invalid_grant');
        return this.issue(id === null && this.limitedWithoutClient ? 'read:account' : 'admin');
      }
      case 'refresh_token': {
        const given = form.get('refresh_token') ?? '';
        const scope = this.refresh.get(given);
        this.refresh.delete(given);
        return scope === undefined ? oauthError('invalid_grant') : this.issue(scope);
      }
      default:
        return oauthError('unsupported_grant_type');
    }
  }

  /** What a bearer may do; undefined where it is unknown or too old. */
  scopeOf(bearer: string): Scope | undefined {
    if (bearer === this.account.apiKey) return 'admin';
    const found = this.access.get(bearer);
    return found !== undefined && found.until > this.now() ? found.scope : undefined;
  }

  /** All access tokens end now. Returns how many there were. */
  revoke(): number {
    const count = this.access.size;
    this.access.clear();
    return count;
  }

  /** As if another client had used every refresh token. */
  useRefreshTokens(): number {
    const count = this.refresh.size;
    this.refresh.clear();
    return count;
  }

  setPassword(password: string): void {
    this.password = password;
  }

  private issue(scope: Scope): Answer {
    const [access, refresh] = [randomUUID(), randomUUID()];
    this.access.set(access, { scope, until: this.now() + this.lifeSeconds * 1000 });
    this.refresh.set(refresh, scope);
    return jsonAnswer({
      access_token: access,
      expires_in: this.lifeSeconds,
      token_type: 'Bearer',
      scope,
      refresh_token: refresh,
    });
  }
}
