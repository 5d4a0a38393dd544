import type { Connector } from '../../../schema/definition/connector';
import type { Settings } from '../../../schema/settings/settings';
import type { OperationContext } from './context';

export interface OpenContext {
  readonly context: OperationContext;
  /** Throws TidemarkError 'Usage' where the tables do not fit this version, 'DestinationUnavailable'. */
  assertSchema(): Promise<void>;
  /** Closes what was opened. */
  close(): Promise<void>;
}

export interface OpenOptions {
  /** loaded when they are first asked for */
  connectors(among?: readonly string[]): Promise<readonly Connector[]>;
  /** Temporal must answer when it is first asked for; else it may be away, and what can be done without it is done */
  readonly needsTemporal?: boolean;
}

/** The context of a command: it opens PostgreSQL now, and Temporal and the keys when they are first asked for. */
export async function openContext(
  settings: Settings,
  { connectors, needsTemporal }: OpenOptions,
): Promise<OpenContext> {
  const [{ connectDatabase }, { assertSchema }] = await Promise.all([
    import('../../../destination/database/database.js'),
    import('../../../destination/database/migrate.js'),
  ]);
  const db = connectDatabase(settings.databaseUrl ?? '', { poolSize: 4, applicationName: 'tidemark cli' });
  const connect = async () => {
    const { connectTemporal, connectTemporalLater } = await import('../../temporal/temporal.js');
    return needsTemporal ? connectTemporal(settings) : connectTemporalLater(settings);
  };
  let temporal: ReturnType<typeof connect> | undefined;
  const connected = () => {
    temporal ??= connect();
    return temporal;
  };
  return {
    context: {
      db,
      connectors,
      client: async () => (await connected()).client,
      temporalAddress: async () => (await connected()).address,
      async ring() {
        if (settings.encryptionKey === undefined) return undefined;
        const { keyRing } = await import('../../../destination/connections/secrets.js');
        return keyRing(settings.encryptionKey);
      },
      taskQueue: undefined,
      trigger: 'cli',
    },
    assertSchema: () => assertSchema(db),
    async close() {
      await db.destroy();
      // a connection that failed has been reported already
      await (await temporal?.catch(() => undefined))?.connection.close();
    },
  };
}
