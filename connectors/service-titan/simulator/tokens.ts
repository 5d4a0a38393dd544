import { randomBytes } from 'node:crypto';
import type { Answer } from '../../simulator/answer';
import { jsonAnswer, oauthError } from './answers';

/** The account of one tenant at the token endpoint: client id and secret belong to one tenant and one app. */
export interface Account {
  readonly tenant: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

interface Token {
  readonly tenant: string;
  readonly until: number;
}

/** Access tokens by client credentials. There is no refresh token and no other grant. */
export class Tokens {
  /** seconds; the API's own figure is about 900 */
  lifeSeconds = 900;
  private readonly accounts = new Map<string, Account>();
  private readonly tokens = new Map<string, Token>();

  constructor(
    accounts: readonly Account[],
    private readonly now: () => number,
  ) {
    for (const account of accounts) this.accounts.set(account.tenant, account);
  }

  /** Responds to `POST /connect/token`; the credentials are in the form, not in a header. */
  answer(form: URLSearchParams): Answer {
    if (form.get('grant_type') !== 'client_credentials') return oauthError('unsupported_grant_type');
    const account = [...this.accounts.values()].find(({ clientId }) => clientId === form.get('client_id'));
    if (account === undefined || account.clientSecret !== form.get('client_secret'))
      return oauthError('invalid_client');
    const token = randomBytes(24).toString('base64url');
    this.tokens.set(token, { tenant: account.tenant, until: this.now() + this.lifeSeconds * 1000 });
    return jsonAnswer({
      access_token: token,
      expires_in: this.lifeSeconds,
      token_type: 'Bearer',
      scope: 'tn.crm.customers:r',
    });
  }

  /** The tenant of a live token. */
  tenantOf(token: string): string | undefined {
    const found = this.tokens.get(token);
    return found === undefined || found.until <= this.now() ? undefined : found.tenant;
  }

  /** Every token of a tenant, or of all, is worth nothing from now on. Returns how many there were. */
  revoke(tenant?: string): number {
    const hit = [...this.tokens].filter(([, token]) => tenant === undefined || token.tenant === tenant);
    for (const [token] of hit) this.tokens.delete(token);
    return hit.length;
  }

  /** Another secret: the old one is refused at the next request for a token. */
  setSecret(tenant: string, clientSecret: string): boolean {
    const account = this.accounts.get(tenant);
    if (account) this.accounts.set(tenant, { ...account, clientSecret });
    return account !== undefined;
  }
}
