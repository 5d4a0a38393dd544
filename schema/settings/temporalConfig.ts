import { loadClientConnectConfig } from '@temporalio/envconfig';
import { messageOf, TidemarkError } from '../errors';
import type { Settings } from './settings';

type Loaded = ReturnType<typeof loadClientConnectConfig>['connectionOptions'];

/** How Temporal is reached; fits the `Connection` of clients and the `NativeConnection` of workers. */
export interface TemporalConfig {
  readonly connection: {
    readonly address: string;
    readonly apiKey?: string;
    readonly tls?: NonNullable<Loaded['tls']>;
    readonly metadata?: Record<string, string>;
  };
  readonly namespace: string;
}

/**
 * Temporal's standard client configuration, by Temporal's own library: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY,
 * TEMPORAL_TLS*, TEMPORAL_GRPC_META_*, and `temporal.toml` (TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE); variables win over the file.
 * Throws TidemarkError 'Usage' when the file or a certificate cannot be read.
 */
export function temporalConfig(settings: Pick<Settings, 'temporalEnvironment'>): TemporalConfig {
  const { temporalEnvironment: env } = settings;
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({
      overrideEnvVars: { ...env },
      // the library takes an empty file for a broken one, and the embedded default points at this one
      disableFile: env.TEMPORAL_CONFIG_FILE === '/dev/null',
    });
    const { address, apiKey, tls, metadata } = connectionOptions;
    return {
      connection: {
        address: address ?? 'localhost:7233',
        ...(typeof apiKey === 'string' ? { apiKey } : {}),
        ...(tls === undefined || tls === null ? {} : { tls }),
        ...(metadata === undefined ? {} : { metadata: metadata as Record<string, string> }),
      },
      namespace: namespace ?? 'default',
    };
  } catch (error) {
    throw new TidemarkError(
      'Usage',
      `Temporal's client configuration cannot be read: ${messageOf(error)}. Check the TEMPORAL_* variables${env.TEMPORAL_CONFIG_FILE ? ` and ${env.TEMPORAL_CONFIG_FILE}` : ' and temporal.toml'}.`,
      { cause: error },
    );
  }
}
