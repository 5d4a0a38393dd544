import type { Connector } from '../schema/definition/connector';
import type { MapContext } from '../schema/definition/mapContext';
import type { IssuedToken, RequestBudget } from '../schema/ports';
import type { ProxyFor } from '../schema/settings/proxies';
import type { Secrets } from './auth/authorizer';
import { type AuthorizationCode, authorizationAddress, type Journey, redeem } from './auth/oauth2/authorization';
import { createReporter, hiddenOf } from './wire/report';
import { createTokenEndpoint } from './wire/tokenEndpoint';

export type { Journey } from './auth/oauth2/authorization';

export interface AuthorizationOptions {
  readonly connector: Connector;
  readonly connection: MapContext['connection'];
  readonly secrets: Secrets;
  readonly budget: RequestBudget;
  readonly proxyFor: ProxyFor | undefined;
}

/** What a person's consent brought. `problem`: why there are no tokens, without secrets. */
export type Authorized = { readonly issued: IssuedToken } | { readonly problem: string };

/** Has a person authorize a connection: the address to sign in at, and the tokens that the code of the response brings. */
export interface Authorization {
  /** Where a person signs in, for a page to say. Throws TidemarkError 'Usage' for settings that make no address. */
  host(): string;
  /** Throws as `host` does. */
  address(journey: Journey): Promise<URL>;
  redeem(journey: Journey, response: URLSearchParams): Promise<Authorized>;
}

/** Undefined for a connector that no person authorizes. */
export function authorizationOf(options: AuthorizationOptions): Authorization | undefined {
  const { connector, connection, secrets, budget, proxyFor } = options;
  if (connector.auth.scheme !== 'oauth2' || connector.auth.grant !== 'authorizationCode') return undefined;
  const auth: AuthorizationCode = connector.auth;
  const clock = { sent: Date.now, received: Date.now };
  const sender = {
    reporter: createReporter(connector.name, connection.id, hiddenOf(secrets, proxyFor)),
    ...{ budget, clock, onAnswer: () => undefined },
    limits: { bytes: 1024 * 1024, timeoutMs: 20_000, idleMs: 20_000, proxyFor },
    quota: connector.rateLimit,
    ...{ lane: `${connector.name}/${connection.id}/authorization`, concurrency: 1 },
  };
  const endpoint = createTokenEndpoint({ connector, connection, sender });
  return {
    host: () => endpoint.address(auth.authorizationUrl).host,
    address: (journey) => authorizationAddress(auth, secrets, endpoint, journey),
    async redeem(journey, response) {
      const answer = await redeem(auth, secrets, endpoint, journey, response);
      if (answer.kind === 'issued') return { issued: answer.issued };
      return { problem: endpoint.redact(answer.kind === 'failed' ? answer.error.message : answer.problem) };
    },
  };
}
