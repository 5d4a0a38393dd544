import { z } from 'zod';
import { TidemarkError } from '../errors';
import { httpProxy, noProxy, type ProxyFor, proxyRule } from './proxies';
import { type TrustProxy, trustProxy } from './trustProxy';

/** What the environment says, parsed once where a program starts; no library code reads the environment. */
export interface Settings {
  /** undefined: the embedded default */
  readonly databaseUrl: string | undefined;
  /** what Temporal's own client configuration is made from; see `temporalConfig` */
  readonly temporalEnvironment: Readonly<Record<string, string>>;
  /** undefined: the embedded default, or what `temporal.toml` says */
  readonly temporalAddress: string | undefined;
  /** undefined: what `temporal.toml` says, else `default` */
  readonly temporalNamespace: string | undefined;
  /** as `keyRing()` reads it: one key, or several separated by commas while one replaces another */
  readonly encryptionKey: string | undefined;
  /** opens the HTTP API */
  readonly apiKey: string | undefined;
  /** of the HTTP server; 0 means any free one */
  readonly port: number;
  readonly host: string;
  /** where a worker serves its metrics; undefined: it listens nowhere */
  readonly metricsPort: number | undefined;
  readonly logLevel: LogLevel;
  /** proxies whose X-Forwarded-For the HTTP server believes; undefined: none */
  readonly trustProxy: TrustProxy | undefined;
  /** the proxy through which workers reach a source; undefined: there is none */
  readonly proxyFor: ProxyFor | undefined;
  /** where traces go; undefined: nothing is traced */
  readonly traces: { readonly endpoint: string; readonly headers: Readonly<Record<string, string>> } | undefined;
}

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export const defaultPort = 8080;

const environment = z.object({
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, {
      error: 'is not the address of a PostgreSQL database: write it as postgres://user:password@host:5432/database',
    })
    .optional(),
  TEMPORAL_ADDRESS: z
    .string()
    // no scheme: Temporal's address is a gRPC target
    .regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:/]+)(:\d{1,5})?$/, { error: 'is not an address: write it as host:7233' })
    .optional(),
  TEMPORAL_NAMESPACE: z.string().regex(/^\S+$/, { error: 'must not contain spaces' }).optional(),
  OAUTH_ENCRYPTION_KEY: z
    .string()
    .regex(/^\s*[0-9a-fA-F]{64}\s*(,\s*[0-9a-fA-F]{64}\s*)*$/, {
      error: "is not a key: 32 bytes in hex are 64 characters 0-9 and a-f; make one with 'openssl rand -hex 32'",
    })
    .optional(),
  TIDEMARK_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]+$/, { error: 'must contain only printable ASCII characters, no spaces' })
    .optional(),
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, { error: 'is not a port: write a number from 0 to 65535' })
    .transform(Number)
    .refine((port) => port <= 65_535, { error: 'is not a port: write a number from 0 to 65535' })
    .default(defaultPort),
  METRICS_PORT: z
    .string()
    .regex(/^\d{1,5}$/, { error: 'is not a port: write a number from 0 to 65535' })
    .transform(Number)
    .refine((port) => port <= 65_535, { error: 'is not a port: write a number from 0 to 65535' })
    .optional(),
  HOST: z
    .string()
    .regex(/^[^\s/]+$/, { error: "is not a host to listen on: write '127.0.0.1' or '0.0.0.0'" })
    .default('127.0.0.1'),
  TRUST_PROXY: trustProxy.optional(),
  HTTPS_PROXY: httpProxy.optional(),
  HTTP_PROXY: httpProxy.optional(),
  NO_PROXY: noProxy.optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'is not an address: write it as http://collector:4318' })
    .optional(),
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .regex(/^[^=,]+=[^,]*(,[^=,]+=[^,]*)*$/, { error: 'must be name=value, several separated by commas' })
    .optional(),
  LOG_LEVEL: z
    .string()
    .toLowerCase()
    .pipe(z.enum(logLevels, { error: `is none of ${logLevels.join(', ')}` }))
    .default('info'),
});

/** The variables that are read, in addition to Temporal's own (TEMPORAL_*). The documents and docker-compose.yml are checked against them. */
export const environmentVariables: readonly string[] = Object.keys(environment.shape);

/** Where Temporal's own configuration is looked for, beside TEMPORAL_*. */
const configFolders = ['HOME', 'XDG_CONFIG_HOME', 'APPDATA'];

/**
 * Reads all settings of the environment. Empty counts as unset, since compose files pass unset variables on as empty.
 * Throws TidemarkError 'Usage' naming every wrong variable and what to write instead, never its value.
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const set = Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1])));
  const given = { ...set, ...inUpperCase(set, ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY']) };
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
    throw new TidemarkError('Usage', lines.join('\n'));
  }
  const values = parsed.data;
  return {
    databaseUrl: values.DATABASE_URL,
    temporalEnvironment: Object.fromEntries(
      Object.entries(given).filter(([name]) => name.startsWith('TEMPORAL_') || configFolders.includes(name)),
    ),
    temporalAddress: values.TEMPORAL_ADDRESS,
    temporalNamespace: values.TEMPORAL_NAMESPACE,
    encryptionKey: values.OAUTH_ENCRYPTION_KEY,
    apiKey: values.TIDEMARK_API_KEY,
    port: values.PORT,
    host: values.HOST,
    metricsPort: values.METRICS_PORT,
    logLevel: values.LOG_LEVEL,
    trustProxy: values.TRUST_PROXY,
    proxyFor: proxyRule({ https: values.HTTPS_PROXY, http: values.HTTP_PROXY, exceptions: values.NO_PROXY }),
    traces:
      values.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
        ? undefined
        : {
            endpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT,
            headers: headersFrom(values.OTEL_EXPORTER_OTLP_HEADERS ?? ''),
          },
  };
}

/** Variables that are set in lower case, which wins where both are, as with curl. */
function inUpperCase(set: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = set[name.toLowerCase()];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** `name=value,name=value`, values percent-encoded. https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
function headersFrom(text: string): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())];
    }),
  );
}
