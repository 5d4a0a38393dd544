import { destination } from 'pino';
import { startServer } from '../../clients/server';
import { connectTemporalLater } from '../../clients/temporal/temporal';
import { connectDatabase } from '../../destination/database/database';
import { readSettings } from '../../schema/settings/settings';
import { benchConnector } from '../connector';
import { runProgram } from '../program';
import type { WorkerInput } from '../worker/main';

export interface ServerReady {
  readonly url: string;
}

/** The server that takes webhooks, as `tidemark server` runs it. */
runProgram<WorkerInput>(async ({ databaseUrl, temporalAddress, taskQueue, connector, encryptionKey }) => {
  const settings = readSettings({
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    OAUTH_ENCRYPTION_KEY: encryptionKey,
    TIDEMARK_API_KEY: encryptionKey,
    PORT: '0',
    LOG_LEVEL: 'error',
  });
  const db = connectDatabase(databaseUrl, { poolSize: 20, applicationName: 'tidemark server' });
  const temporal = connectTemporalLater(settings);
  const config = { connectors: [benchConnector(connector)] };
  const server = await startServer({ settings, config, db, temporal, taskQueue, logTo: destination(2) });
  return {
    ready: { url: server.url } satisfies ServerReady,
    async stop() {
      await server.close();
      await db.destroy();
      await temporal.connection.close();
    },
  };
});
