import type { Knex } from 'knex';
import { getConnection } from '../../destination/connections/connections';
import { type KeyRing, loadSecrets } from '../../destination/connections/secrets';
import { destinationError } from '../../destination/database/destinationError';
import { connection } from '../../schema/connection';
import type { Connector } from '../../schema/definition/connector';
import type { WebhookRules } from '../../schema/definition/webhooks';
import { TidemarkError } from '../../schema/errors';
import { secretTexts, signingKeys } from './signature';

/** Where one connection's webhooks arrive. */
export interface Endpoint {
  readonly connectionId: string;
  readonly connector: Connector;
  readonly rules: WebhookRules;
  readonly keys: readonly Buffer[];
  /** the same as texts, for a definition's own functions */
  readonly secrets: readonly string[];
  /** false while the connection is disabled or needs credentials: webhooks are stored and processed later */
  readonly enabled: boolean;
}

export interface EndpointsOptions {
  readonly db: Knex;
  readonly connectors: readonly Connector[];
  readonly ring: KeyRing;
  /** for how long what was read is believed; default 3,000 ms */
  readonly ttlMs?: number;
}

/** Prober's guesses must not fill the memory. */
const rememberedAtMost = 10_000;

/**
 * Finds a connection's webhook rules and secrets, and caches them for a few seconds: a new connection, a new secret or a
 * removed one is noticed within seconds. Returns undefined for a connection that does not exist or takes no webhooks.
 * Throws TidemarkError 'DestinationUnavailable'.
 */
export function endpoints({ db, connectors, ring, ttlMs = 3_000 }: EndpointsOptions): {
  find(connectionId: string): Promise<Endpoint | undefined>;
} {
  const remembered = new Map<string, { readonly found: Promise<Endpoint | undefined>; readonly until: number }>();
  return {
    find(connectionId) {
      const before = remembered.get(connectionId);
      if (before && before.until > performance.now()) return before.found;
      const found = load(connectionId);
      remembered.delete(connectionId);
      remembered.set(connectionId, { found, until: performance.now() + ttlMs });
      const [oldest] = remembered.keys();
      if (remembered.size > rememberedAtMost && oldest !== undefined) remembered.delete(oldest);
      found.catch(() => remembered.delete(connectionId));
      return found;
    },
  };

  async function load(connectionId: string): Promise<Endpoint | undefined> {
    if (!connection.shape.id.safeParse(connectionId).success) return undefined;
    try {
      const { connector: name, ...stored } = await getConnection(db, connectionId);
      const enabled = stored.enabled && stored.needsCredentialsSince === null;
      const connector = connectors.find((one) => one.name === name);
      if (!connector?.webhooks) return undefined;
      const secrets = await loadSecrets(db, ring, connectionId);
      const text = secrets[connector.webhooks.signature.secret] ?? '';
      const keys = signingKeys(connector.webhooks.signature, text);
      return { connectionId, connector, rules: connector.webhooks, keys, secrets: secretTexts(text), enabled };
    } catch (error) {
      if (error instanceof TidemarkError && error.type === 'NotFound') return undefined;
      throw destinationError(error);
    }
  }
}
