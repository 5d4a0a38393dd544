import { destination } from 'pino';
import { connectDatabase } from '../../../destination/database/database';
import { readSettings } from '../../../schema/settings/settings';
import { loadConfig } from '../../config';
import { startServer } from '../../server';
import { connectTemporalLater } from '../../temporal/temporal';
import { resolveEnvironment } from '../terminal/session';
import type { Shell } from '../terminal/shell';
import { stopSignal } from '../terminal/signals';

const poolSize = 20;

/** Runs the HTTP server until SIGINT or SIGTERM, then lets what is under way end. */
export async function runServer(shell: Shell): Promise<void> {
  const settings = readSettings(await resolveEnvironment(shell));
  const config = await loadConfig(shell.cwd, shell.configFile);
  const stop = stopSignal();
  const db = connectDatabase(settings.databaseUrl ?? '', { poolSize, applicationName: 'tidemark server' });
  const temporal = connectTemporalLater(settings);
  try {
    const server = await startServer({ settings, config, db, temporal, logTo: destination(2) });
    await stop;
    await server.close();
  } finally {
    await db.destroy();
    await temporal.connection.close();
  }
}
