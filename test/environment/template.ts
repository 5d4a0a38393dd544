import { Client } from 'pg';
import { migrate } from '../../destination/database/migrate';

/** The database that every `testDatabase()` is a copy of. */
export const templateName = 'tidemark_template';

/** Makes the template, with all migrations applied, on a fresh server. */
export async function makeTemplate(postgresUrl: string): Promise<void> {
  const client = new Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${templateName}`);
  } finally {
    await client.end();
  }
  await migrate(databaseUrl(postgresUrl, templateName));
}

/** The same server's URL for another database. */
export function databaseUrl(postgresUrl: string, name: string): string {
  const url = new URL(postgresUrl);
  url.pathname = `/${name}`;
  return url.href;
}
