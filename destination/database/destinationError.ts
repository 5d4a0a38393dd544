import { setTimeout as sleep } from 'node:timers/promises';
import { TidemarkError } from '../../schema/errors';
import { codeOf } from './errorCode';
import { wordsOf } from './postgresWords';

/** Codes of Node for a connection that cannot be made, or broke. */
const connectionCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);

/**
 * SQLSTATEs, or classes of them, with which PostgreSQL refuses for now: connection exceptions, resources (disk full,
 * too many connections), shutdown and restart, system errors, a standby after a failover.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const unavailable = /^(08|53|58|57P0[1235]|25006)/;

/** SQLSTATE of a server, database or role that accepts no further connection. */
const tooManyConnections = '53300';

/** Two transactions conflicted: serialization failure, deadlock, lock time-out. The same again succeeds. */
const contention: ReadonlySet<string> = new Set(['40001', '40P01', '55P03']);

/** The login is refused: wrong password or role, no such database, a missing right. */
const refused: ReadonlySet<string> = new Set(['28000', '28P01', '3D000', '42501', '3F000']);

/** What pg and knex say, without a code, of a connection that is gone or never came. */
const connectionMessages =
  /^Connection terminated|^Connection ended unexpectedly|timeout expired|not queryable|^Knex: Timeout acquiring|^Defined query timeout|Client was closed|socket disconnected|Unable to acquire a connection/;

/** What pg says, without a code, when login or TLS cannot work whatever is tried again. */
const refusedMessages = /^SASL:|does not support SSL|certificate|Hostname\/IP does not match/i;

/**
 * What a failure of PostgreSQL means to callers. Connection failures, restarts and contention become TidemarkError
 * 'DestinationUnavailable' (try again); a refused login becomes 'Usage'; everything else comes back unchanged, since it
 * is a defect or about the data. Messages never hold the URL, the password or bound values.
 */
export function destinationError(error: unknown): Error {
  if (error instanceof TidemarkError) return error;
  const code = codeOf(error);
  const message = firstLine(error);
  if ((code !== undefined && refused.has(code)) || (code === undefined && refusedMessages.test(message))) {
    return new TidemarkError('Usage', `PostgreSQL refuses: ${message}. Check DATABASE_URL and the rights of its user.`);
  }
  if (code?.startsWith('DEPTH_ZERO_') || code?.startsWith('CERT_') || code?.startsWith('ERR_TLS_')) {
    return new TidemarkError(
      'Usage',
      `PostgreSQL's certificate was not accepted (${code}): name its authority with sslrootcert in DATABASE_URL`,
    );
  }
  if (code === tooManyConnections) {
    return new TidemarkError(
      'DestinationUnavailable',
      `PostgreSQL has no connection left (${code}: ${message}). A worker takes up to 25 connections, a server up to 20; raise the connection limit of the role, the database or PostgreSQL`,
      { cause: error },
    );
  }
  if (code !== undefined ? connectionCodes.has(code) || unavailable.test(code) : connectionMessages.test(message)) {
    return new TidemarkError(
      'DestinationUnavailable',
      `PostgreSQL cannot be reached or refuses for now (${code ?? message}). Is it running, and is DATABASE_URL correct?`,
      { cause: error },
    );
  }
  if (code !== undefined && contention.has(code)) {
    return new TidemarkError('DestinationUnavailable', `PostgreSQL: transactions conflicted (${code})`, {
      cause: error,
    });
  }
  return error instanceof Error ? error : new Error(String(error));
}

function firstLine(error: unknown): string {
  return (wordsOf(error).split('\n')[0] ?? '').slice(0, 300);
}

/**
 * Runs `work` again, up to `attempts` times in all, when transactions conflicted. `work` must be a whole
 * transaction or a single statement: what failed was rolled back. Other errors, and the last one, are thrown as they came.
 */
export async function withRetry<T>(work: () => Promise<T>, attempts = 5): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= attempts || !contention.has(codeOf(error) ?? '')) throw error;
      // half of it random, so that the two don't meet again
      await sleep(2 ** attempt * 10 * (0.5 + Math.random() / 2));
    }
  }
}
