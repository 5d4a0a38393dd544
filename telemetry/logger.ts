import { type DestinationStream, type Logger, pino } from 'pino';
import type { LogLevel } from '../schema/settings/settings';

/** Lines of JSON on standard output. Credentials never get into them, nor do bodies. */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // Fastify's default writes host and address too, which is never read
    serializers: { req: ({ method, id }: { method: string; id: string }) => ({ method, id }) },
    redact: {
      paths: [
        'headers',
        '*.headers',
        'authorization',
        '*.authorization',
        'err.config',
        'err.request',
        'err.response',
        '*.secret',
        '*.password',
        '*.apiKey',
      ],
      censor: '[redacted]',
    },
  };
  return destination ? pino(options, destination) : pino(options);
}
