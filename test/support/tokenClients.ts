import type { Knex } from 'knex';
import { z } from 'zod';
import { getConnectionAndSeal } from '../../destination/connections/connections';
import { keyRing } from '../../destination/connections/seal';
import { createTokenStore } from '../../destination/connections/tokens';
import { type Connector, type ConnectorInput, defineConnector } from '../../schema/definition/connector';
import type { JsonObject } from '../../schema/json/json';
import type { TokenStore } from '../../schema/ports';
import { createSourceClient } from '../../source/client';
import type { SourceClient } from '../../source/contract';
import { openBudget, testClock, testEntity } from './sources/httpSource';

export const testRing = keyRing('5c'.repeat(32));

type Auth = ConnectorInput<z.ZodObject, z.ZodObject>['auth'];

/** A connector whose tokens come from `{baseUrl}/token`. */
export function oauthConnector(auth: Partial<Record<string, unknown>> = {}, listings?: JsonObject): Connector {
  return defineConnector({
    name: 'acme',
    settings: z.object({ baseUrl: z.url(), tenant: z.string().optional() }),
    secrets: z.object({
      clientId: z.string(),
      clientSecret: z.string().optional(),
      username: z.string().optional(),
      password: z.string().optional(),
      refreshToken: z.string().optional(),
      appKey: z.string().optional(),
      webhookSecret: z.string().optional(),
    }),
    auth: {
      scheme: 'oauth2',
      grant: 'clientCredentials',
      tokenUrl: '{baseUrl}/token',
      clientId: 'clientId',
      clientSecret: 'clientSecret',
      ...auth,
    } as Auth,
    entities: [
      testEntity({
        listings: {
          all: { path: '/people', paging: { scheme: 'none' } },
          one: { path: '/people/{id}' },
          ...listings,
        },
      }),
    ],
  });
}

export interface OAuthClientOptions {
  readonly secrets: Readonly<Record<string, string>>;
  readonly connector: Connector;
  readonly baseUrl: string;
  /** wraps the store of tokens, to fail or to stop in the middle */
  readonly around?: (tokens: TokenStore) => TokenStore;
}

export interface OAuthClient {
  readonly client: SourceClient;
  readonly budget: ReturnType<typeof openBudget>;
  /** Reads the listing and returns how many records it had. */
  read(): Promise<number>;
  ask(id: string): ReturnType<SourceClient['ask']>;
}

/** A client as a worker makes it: with tokens in PostgreSQL, and a memory of its own. */
export async function oauthClient(db: Knex, id: string, options: OAuthClientOptions): Promise<OAuthClient> {
  const { connector, secrets, baseUrl, around = (tokens) => tokens } = options;
  const { epoch } = await getConnectionAndSeal(db, id);
  const budget = openBudget();
  const client = createSourceClient({
    connector,
    secrets,
    budget,
    connection: { id, settings: { baseUrl }, timeZone: 'UTC' },
    clock: testClock,
    tokens: around(createTokenStore(db, { connectionId: id, ring: testRing, epoch })),
  });
  const entity = connector.entities.get('people');
  if (!entity) throw new Error('the test entity is missing');
  const signal = new AbortController().signal;
  return {
    client,
    budget,
    async read() {
      let records = 0;
      for await (const page of client.streamAll(entity, 'all', { partition: '', signal }))
        records += page.records.length;
      return records;
    },
    ask: (one) => client.ask(entity, one, { signal }),
  };
}
