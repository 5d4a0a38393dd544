import * as pg from 'pg';
import { codeOf } from './errorCode';
import { keepWords } from './postgresWords';

/** What this file uses of knex's client for PostgreSQL. knex has no types for its dialects. */
interface KnexClient {
  driver: typeof pg;
  _driver(): typeof pg;
  _acquireOnlyConnection(): Promise<pg.Client>;
  _query(connection: unknown, query: unknown): Promise<unknown>;
  transaction(container: unknown, config: unknown, outer: unknown): unknown;
}
interface KnexTransaction {
  readonly readOnly?: boolean;
  begin(connection: unknown): Promise<unknown>;
  query(connection: unknown, sql: string): Promise<unknown>;
}
const Client = require('knex/lib/dialects/postgres/index.js') as new (config: object) => KnexClient;
const Transaction = require('knex/lib/dialects/postgres/execution/pg-transaction.js') as new (
  ...args: unknown[]
) => KnexTransaction;

type Startup = Record<string, string | undefined>;

/**
 * What every connection needs, whatever the defaults of database and role: texts in UTF-8, times as pg reads them. Sent with
 * the login, which goes before those defaults. Poolers in transaction mode know these three, since every JDBC client sends them.
 */
const alwaysSent: Startup = { client_encoding: 'UTF8', DateStyle: 'ISO', TimeZone: 'UTC' };

/**
 * What a connection gets as well where the server takes `options` with the login: single statements run as they do by
 * PostgreSQL's own defaults. A pooler may refuse them (08P01), and nothing may be set for a session behind it, since the next
 * client would get that: there, transactions say their isolation themselves and the role's time-outs stay.
 */
const options = Object.entries({
  default_transaction_isolation: 'read\\ committed',
  default_transaction_read_only: 'off',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  // the pool ends what is idle by itself; a server that does it may end a session while a statement is on its way
  idle_session_timeout: '0',
})
  .map(([name, value]) => `-c ${name}=${value}`)
  .join(' ');

/** SQLSTATE of a startup parameter that the server, or the pooler before it, does not know. */
const protocolViolation = '08P01';

class Connection extends pg.Client {
  /** false: the server has refused `options` */
  static takesOptions = true;

  getStartupConf(): Startup {
    // @types/pg does not know this method of pg's client
    const parent = pg.Client.prototype as unknown as { getStartupConf(): Startup };
    const asked = parent.getStartupConf.call(this);
    if (!(this.constructor as typeof Connection).takesOptions) return { ...asked, ...alwaysSent };
    // what the URL itself asks for comes last, and counts
    return { ...asked, ...alwaysSent, options: asked.options ? `${options} ${asked.options}` : options };
  }
}

/** One transaction of ours: its isolation does not depend on the database's default, nor whether it may write. */
class PostgresTransaction extends Transaction {
  override begin(connection: unknown): Promise<unknown> {
    return this.query(
      connection,
      `begin isolation level read committed ${this.readOnly === true ? 'read only' : 'read write'};`,
    );
  }
}

/** knex's client for PostgreSQL, independent of the settings of database and role; see `alwaysSent` and `options`. */
export class PostgresClient extends Client {
  override _driver(): typeof pg {
    // each pool finds out by itself whether its server takes options
    return { ...pg, Client: class extends Connection {} } as typeof pg;
  }

  override async _acquireOnlyConnection(): Promise<pg.Client> {
    const connection = this.driver.Client as unknown as typeof Connection;
    try {
      return await super._acquireOnlyConnection();
    } catch (error) {
      if (codeOf(error) !== protocolViolation || !connection.takesOptions) throw error;
      connection.takesOptions = false;
      return super._acquireOnlyConnection();
    }
  }

  override async _query(connection: unknown, query: unknown): Promise<unknown> {
    try {
      return await super._query(connection, query);
    } catch (error) {
      keepWords(error);
      throw error;
    }
  }

  override transaction(...args: [unknown, unknown, unknown]): unknown {
    return new PostgresTransaction(this, ...args);
  }
}
