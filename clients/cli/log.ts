import { destination, type Logger, pino } from 'pino';
import type { LogLevel } from '../../schema/settings';

/** Structured logs on stderr, one JSON object a line; nothing that is called a secret gets into them. */
export function createLog(name: string, level: LogLevel): Logger {
  const secret = [
    'secret',
    'secrets',
    'password',
    'token',
    'authorization',
    'apiKey',
    'webhookSecret',
    'encryptionKey',
  ];
  return pino(
    {
      name,
      level,
      redact: { paths: [...secret, ...secret.map((field) => `*.${field}`)], censor: '[secret]' },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination(2),
  );
}
