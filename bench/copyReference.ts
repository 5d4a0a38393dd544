import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { tableName } from './connector';
import { timed } from './measure';

/** COPY of the very rows that the engine wrote, into a table with the same columns and indexes. */
export interface CopyReference {
  /** milliseconds of one COPY into the emptied table */
  measure(): Promise<number>;
  close(): Promise<void>;
}

/** Writes the engine's rows into a file, from which each measurement reads them. */
export async function copyReference(databaseUrl: string, file: string): Promise<CopyReference> {
  const client = new Client({ connectionString: databaseUrl });
  // a database that is dropped after a failed goal ends it too
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`create table copied (like ${tableName} including all)`);
  await pipeline(client.query(copyTo(`copy ${tableName} to stdout`)), createWriteStream(file));
  return {
    async measure() {
      await client.query('truncate copied');
      const { milliseconds } = await timed(() =>
        pipeline(
          createReadStream(file, { highWaterMark: 1024 * 1024 }),
          client.query(copyFrom('copy copied from stdin')),
        ),
      );
      await client.query('truncate copied');
      return milliseconds;
    },
    close: () => client.end(),
  };
}
