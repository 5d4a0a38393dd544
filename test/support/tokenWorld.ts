import type { Knex } from 'knex';
import { createConnection } from '../../destination/connections/connections';
import { connectDatabase } from '../../destination/database/database';
import { testDatabase } from '../environment';
import { startTokenSource, type TokenSource } from './sources/tokenSource';
import { type OAuthClient, type OAuthClientOptions, oauthClient, oauthConnector } from './tokenClients';

/** For tests of OAuth tokens: a source and a connection for each test, and the database that all workers share. */
export interface TokenWorld {
  readonly db: Knex;
  /** the source of the test that runs */
  readonly source: TokenSource;
  /** the connection of the test that runs */
  readonly id: string;
  /** A client of the connection, as each worker has one of its own. */
  worker(options?: Partial<OAuthClientOptions>): Promise<OAuthClient>;
  /** every secret that the source knows */
  secrets(): Record<string, string>;
  /** the grants of the requests for a token so far */
  grants(): (string | null)[];
  /** the row of the connection in `tidemark.tokens` */
  row(): Promise<TokenRow>;
  /** why the connection needs credentials; null while it does not */
  needs(): Promise<string | null>;
  /** Makes what is stored look older: the tests wait for nothing. */
  age(seconds: number): Promise<unknown>;
}

export interface TokenRow {
  readonly sealed: Buffer | null;
  readonly lease_until: Date | null;
  readonly issued_at: Date;
  readonly expires_at: Date | null;
}

/** Sets the world up for the tests of this file; its parts can be used in tests and in `beforeEach`. */
export function tokenWorld(): TokenWorld {
  let db: Knex;
  let source: TokenSource;
  let connections = 0;
  let id = '';
  beforeAll(async () => {
    db = connectDatabase((await testDatabase()).url);
  });
  beforeEach(async () => {
    source = await startTokenSource();
    id = `demo-${++connections}`;
    await createConnection(db, { id, connector: 'acme', settings: { baseUrl: source.baseUrl } });
  });
  afterEach(() => source.close());
  afterAll(() => db.destroy());
  const secrets = () => ({ ...source.known });
  return {
    get db() {
      return db;
    },
    get source() {
      return source;
    },
    get id() {
      return id;
    },
    secrets,
    worker: (options = {}) =>
      oauthClient(db, id, { connector: oauthConnector(), secrets: secrets(), baseUrl: source.baseUrl, ...options }),
    grants: () => source.asked.map((form) => form.get('grant_type')),
    row: async () => (await db.raw('select * from tidemark.tokens where connection_id = ?', [id])).rows[0],
    needs: async () =>
      (await db.raw('select needs_credentials_because as because from tidemark.connections where id = ?', [id])).rows[0]
        .because as string | null,
    age: (seconds) =>
      db.raw(
        `update tidemark.tokens set issued_at = issued_at - ? * interval '1 second', expires_at = expires_at - ? * interval '1 second',
           refused_at = refused_at - ? * interval '1 second', lease_until = lease_until - ? * interval '1 second'
         where connection_id = ?`,
        [seconds, seconds, seconds, seconds, id],
      ),
  };
}

export const password = () => oauthConnector({ grant: 'password', username: 'username', password: 'password' });
