import { type Knex, knex } from 'knex';
import { TidemarkError } from '../../schema/errors';
import { columnTypes } from './columnTypes';
import { PostgresClient } from './postgresClient';

export interface DatabaseOptions {
  /** connections at most; default 10 */
  readonly poolSize?: number;
  /** shown in pg_stat_activity; default `tidemark` */
  readonly applicationName?: string;
  /** until a connection is given up: PostgreSQL is not there, or all connections are in use. Default 10,000 ms */
  readonly connectTimeoutMs?: number;
}

/**
 * A pool of connections to PostgreSQL. Nothing is sent until the first query; end it with `db.destroy()`.
 *
 * Works behind a pooler in transaction mode: nothing is set for a session after its login (time-outs are set inside
 * transactions, by `inTransaction`), no statement is prepared by name, no session listens. Independent of the settings of database
 * and role (DateStyle, isolation, time-outs …): see `postgresClient.ts`. TLS follows the URL: `sslmode=require`,
 * `verify-ca` and `verify-full` all verify certificate and host name (`sslrootcert` names the authority), `no-verify`
 * encrypts only. How values are read: `columnTypes.ts`.
 *
 * Throws TidemarkError 'Usage' for a text that is no PostgreSQL URL, without repeating it.
 */
export function connectDatabase(url: string, options: DatabaseOptions = {}): Knex {
  checkUrl(url);
  const connectTimeoutMs = options.connectTimeoutMs ?? 10_000;
  return knex({
    client: PostgresClient as unknown as typeof Knex.Client,
    connection: {
      connectionString: url,
      application_name: options.applicationName ?? 'tidemark',
      connectionTimeoutMillis: connectTimeoutMs,
      // a peer that vanished without a word is noticed
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      types: columnTypes,
    } as Knex.PgConnectionConfig,
    pool: { min: 0, max: options.poolSize ?? 10, idleTimeoutMillis: 30_000 },
    acquireConnectionTimeout: connectTimeoutMs,
    // with the default, messages of errors carry the bound values: records, secrets
    compileSqlOnError: false,
    // what knex warns of is thrown as well; its own way is to print it
    log: { warn: nothing, error: nothing, deprecate: nothing, debug: nothing },
  });
}

function nothing(): void {}

function checkUrl(url: string): void {
  const mistake = (what: string): TidemarkError =>
    new TidemarkError('Usage', `DATABASE_URL ${what}: write it as postgres://user:password@host:5432/database`);
  if (url.trim() === '') throw mistake('is empty');
  if (!/^postgres(ql)?:\/\//.test(url)) throw mistake('is not the address of a PostgreSQL database');
  try {
    // there is no host in the URL of a Unix socket: postgres://user@/database?host=/run/postgresql
    new URL(url.replace('@/', '@localhost/'));
  } catch {
    // the error itself would carry the URL, and with it the password
    throw mistake('cannot be read (percent-encode special characters of the password)');
  }
}

export interface TransactionOptions {
  /** longest wait for a lock */
  readonly lockTimeoutMs?: number;
  /** longest time for each statement */
  readonly statementTimeoutMs?: number;
}

/** Runs `work` in a transaction whose settings end with it. Commits when `work` resolves, rolls back when it throws. */
export function inTransaction<T>(
  db: Knex,
  work: (tx: Knex.Transaction) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  return db.transaction(async (tx) => {
    if (options.lockTimeoutMs !== undefined || options.statementTimeoutMs !== undefined) {
      await tx.raw(
        `select set_config('lock_timeout', coalesce(?, current_setting('lock_timeout')), true),
                set_config('statement_timeout', coalesce(?, current_setting('statement_timeout')), true)`,
        [milliseconds(options.lockTimeoutMs), milliseconds(options.statementTimeoutMs)],
      );
    }
    return work(tx);
  });
}

function milliseconds(value: number | undefined): string | null {
  return value === undefined ? null : `${Math.ceil(value)}ms`;
}
