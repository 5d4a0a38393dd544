import {
  Client,
  Connection,
  isGrpcServiceError,
  ServiceError,
  type WorkflowClientInterceptor,
} from '@temporalio/client';
import { messageOf, TidemarkError } from '../../schema/errors';
import type { Settings } from '../../schema/settings/settings';
import { temporalConfig } from '../../schema/settings/temporalConfig';
import { withTrace } from '../../telemetry/header';

export interface Temporal {
  readonly connection: Connection;
  readonly client: Client;
  /** `host:port`, for messages */
  readonly address: string;
}

/** What is started from within a traced step knows it. Does nothing where nothing is traced. */
const interceptors = {
  workflow: [
    {
      start: (input, next) => next({ ...input, headers: withTrace(input.headers) }),
      signalWithStart: (input, next) => next({ ...input, headers: withTrace(input.headers) }),
    } satisfies WorkflowClientInterceptor,
  ],
};

/** Until a server that does not answer is given up. */
const connectTimeoutMs = 5_000;

/**
 * Connects to Temporal as the settings and Temporal's standard client configuration say; API keys and mTLS included.
 * Throws TidemarkError 'TemporalUnavailable' within seconds when nothing answers, 'Usage' when it refuses. Close `connection`.
 */
export async function connectTemporal(settings: Pick<Settings, 'temporalEnvironment'>): Promise<Temporal> {
  const { connection: options, namespace } = temporalConfig(settings);
  try {
    const connection = await Connection.connect({ ...options, connectTimeout: connectTimeoutMs });
    return { connection, client: new Client({ connection, namespace, interceptors }), address: options.address };
  } catch (error) {
    throw temporalError(error, options.address);
  }
}

/** The same without waiting for an answer: for servers that start while Temporal is down. Connects, and again, by itself. */
export function connectTemporalLater(settings: Pick<Settings, 'temporalEnvironment'>): Temporal {
  const { connection: options, namespace } = temporalConfig(settings);
  // gRPC's own pause between tries grows to two minutes, so long would webhooks lie there after Temporal is back
  const channelArgs = { 'grpc.initial_reconnect_backoff_ms': 500, 'grpc.max_reconnect_backoff_ms': 5_000 };
  const connection = Connection.lazy({ ...options, connectTimeout: connectTimeoutMs, channelArgs });
  return { connection, client: new Client({ connection, namespace, interceptors }), address: options.address };
}

/** So long whoever asks for something waits for Temporal's word that it has it. */
export const answerWithinMs = 5_000;

/** gRPC status codes. https://grpc.io/docs/guides/status-codes/ */
const grpcStatus = {
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  unavailable: 14,
  unauthenticated: 16,
};

/**
 * What a failure of Temporal means to callers: TidemarkError 'TemporalUnavailable' (try again) when it cannot be reached or is
 * overloaded, 'Usage' when it refuses who we are; everything else comes back unchanged.
 */
export function temporalError(error: unknown, address?: string): Error {
  if (error instanceof TidemarkError) return error;
  const code = grpcCodeOf(error);
  const where = address === undefined ? '' : ` at ${address}`;
  if (code === grpcStatus.permissionDenied || code === grpcStatus.unauthenticated) {
    return new TidemarkError(
      'Usage',
      `Temporal${where} refuses: ${firstLine(error)}. Check TEMPORAL_API_KEY or TEMPORAL_TLS_*, and TEMPORAL_NAMESPACE.`,
    );
  }
  const passes: readonly (number | undefined)[] = [
    grpcStatus.unavailable,
    grpcStatus.deadlineExceeded,
    grpcStatus.resourceExhausted,
  ];
  // Connection.connect says it without a code
  if (
    passes.includes(code) ||
    /Failed to connect before the deadline|Channel has been shut down/.test(messageOf(error))
  ) {
    return new TidemarkError(
      'TemporalUnavailable',
      `Temporal${where} cannot be reached (${firstLine(error)}). Is it running, and is TEMPORAL_ADDRESS correct?`,
      { cause: error },
    );
  }
  return error instanceof Error ? error : new Error(String(error));
}

/** Whether the time ran out that somebody was willing to wait (`client.withDeadline`). */
export function isDeadline(error: unknown): boolean {
  return grpcCodeOf(error) === grpcStatus.deadlineExceeded;
}

function grpcCodeOf(error: unknown): number | undefined {
  for (let at: unknown = error; at !== undefined && at !== null; at = (at as { cause?: unknown }).cause) {
    if (isGrpcServiceError(at)) return at.code;
    if (!(at instanceof ServiceError) && !(at instanceof Error)) return undefined;
  }
  return undefined;
}

function firstLine(error: unknown): string {
  const root = error instanceof ServiceError && error.cause instanceof Error ? error.cause : error;
  return (messageOf(root).split('\n')[0] ?? '').slice(0, 200);
}
