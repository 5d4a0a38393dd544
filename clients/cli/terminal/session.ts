import type { Knex } from 'knex';
import type { KeyRing } from '../../../destination/connections/secrets';
import type { Connector } from '../../../schema/definition/connector';
import { TidemarkError } from '../../../schema/errors';
import type { Settings } from '../../../schema/settings';
import type { LoadedConfig } from '../../config';
import type { Temporal } from '../../temporal/temporal';
import type { Shell } from './shell';

/** What a command works with; each part is loaded and connected when it is first asked for, since most need few. */
export interface Session {
  readonly settings: Settings;
  /** its schema has been checked */
  readonly db: Knex;
  config(): Promise<LoadedConfig>;
  connectors(): Promise<readonly Connector[]>;
  temporal(): Promise<Temporal>;
  /** the same without waiting for an answer, for what can be done without Temporal too */
  temporalLater(): Promise<Temporal>;
  /** seals and opens secrets; undefined: OAUTH_ENCRYPTION_KEY is not set */
  ring(): Promise<KeyRing | undefined>;
}

/**
 * The settings for a command in this folder, the same for all: the environment, and what it leaves open from the folder's
 * stack. Throws TidemarkError 'Usage' where neither names a database, 'DestinationUnavailable' where the stack is stopped.
 */
export async function resolveEnvironment(shell: Shell): Promise<NodeJS.ProcessEnv> {
  const { readStack, stackEnvironment } = await import('../../../local/stackState.js');
  if (shell.env.DATABASE_URL) return stackEnvironment(shell.cwd, shell.env);
  const stack = readStack(shell.cwd);
  if (stack === undefined) {
    throw new TidemarkError(
      'Usage',
      `No database: nothing runs in ${shell.cwd} and DATABASE_URL is not set. Start everything here with 'tidemark up', or set DATABASE_URL and TEMPORAL_ADDRESS`,
    );
  }
  const env = stackEnvironment(shell.cwd, shell.env);
  if (!env.DATABASE_URL) {
    throw new TidemarkError(
      'Usage',
      'The stack of this folder works on a database of yours: set DATABASE_URL for this command too',
    );
  }
  if (!stack.running) {
    throw new TidemarkError(
      'DestinationUnavailable',
      `The stack of this folder is not running: start it with 'tidemark up'`,
    );
  }
  return env;
}

/** Runs `work` with a session and closes what it opened. */
export async function withSession<T>(shell: Shell, work: (session: Session) => Promise<T>): Promise<T> {
  const { readSettings } = await import('../../../schema/settings.js');
  const settings = readSettings(await resolveEnvironment(shell));
  const [{ connectDatabase }, { assertSchema }] = await Promise.all([
    import('../../../destination/database/database.js'),
    import('../../../destination/database/migrate.js'),
  ]);
  const db = connectDatabase(settings.databaseUrl ?? '', { poolSize: 4, applicationName: 'tidemark cli' });
  let config: Promise<LoadedConfig> | undefined;
  let temporal: Promise<Temporal> | undefined;
  let later: Promise<Temporal> | undefined;
  const loadedConfig = () => {
    config ??= import('../../config.js').then(({ loadConfig }) => loadConfig(shell.cwd, shell.configFile));
    return config;
  };
  const connectedTemporal = () => {
    temporal ??= import('../../temporal/temporal.js').then(({ connectTemporal }) => connectTemporal(settings));
    return temporal;
  };
  const lazyTemporal = () => {
    later ??= import('../../temporal/temporal.js').then(({ connectTemporalLater }) => connectTemporalLater(settings));
    return later;
  };
  try {
    await assertSchema(db);
    return await work({
      settings,
      db,
      config: loadedConfig,
      connectors: async () => (await loadedConfig()).connectors,
      temporal: connectedTemporal,
      temporalLater: lazyTemporal,
      async ring() {
        if (settings.encryptionKey === undefined) return undefined;
        const { keyRing } = await import('../../../destination/connections/secrets.js');
        return keyRing(settings.encryptionKey);
      },
    });
  } finally {
    await db.destroy();
    // a connection that failed has been told of already
    const connected = await temporal?.catch(() => undefined);
    await connected?.connection.close();
    await (await later)?.connection.close();
  }
}
