import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type QueryResultRow } from 'pg';
import { atEnd } from './atEnd';
import { testSettings } from './settings';
import { databaseUrl, templateName } from './template';

/** A database of one test file's (or one test's) own, migrated and empty. */
export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** Runs one statement on a connection of its own and returns the rows. */
  query<Row extends QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
}

/**
 * A fresh copy of the migrated template on the shared PostgreSQL; call it anywhere in a test file. When the file is over it
 * is dropped (kept, with its URL printed, when a test failed and KEEP_TEST_DATABASES is set), and connections that are
 * still open then fail the file.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const { postgresUrl } = testSettings();
  await query(postgresUrl, `CREATE DATABASE ${name} TEMPLATE ${templateName}`);
  const url = databaseUrl(postgresUrl, name);
  atEnd(async ({ failed }) => {
    const leaks = await leakedConnections(postgresUrl, name);
    if (failed && process.env.KEEP_TEST_DATABASES !== undefined) {
      process.stderr.write(`kept for the failed test, until the test servers stop: ${url}\n`);
    } else {
      await query(postgresUrl, `DROP DATABASE ${name} WITH (FORCE)`);
    }
    if (leaks.length > 0) throw new Error(`connections left open to ${name}:\n${leaks.join('\n')}`);
  });
  return { name, url, query: (sql, values) => query(url, sql, values) };
}

interface Session extends QueryResultRow {
  application_name: string;
  state: string;
  query: string;
}

/** Who is still connected; those that are just closing get a moment. */
async function leakedConnections(postgresUrl: string, name: string): Promise<string[]> {
  for (let attempt = 0; ; attempt++) {
    const sessions = await query<Session>(
      postgresUrl,
      `SELECT application_name, state, query FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'`,
      [name],
    );
    if (sessions.length === 0 || attempt === 20) {
      return sessions.map(({ application_name, state, query }) => `  ${application_name} ${state}: ${query}`);
    }
    await sleep(100);
  }
}

async function query<Row extends QueryResultRow>(url: string, sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
