import { CommanderError } from 'commander';
import type { ErrorType } from '../../schema/errors';
import { firstLineOf, knownError } from '../operations/definition/knownError';

/** Exit statuses of every command. */
export const exitStatus = { done: 0, failed: 1, usage: 2, busy: 3 } as const;
export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

/** A failure as a command shows it. */
export interface Failure {
  readonly status: ExitStatus;
  /** of `errorTypes`, or `Unknown` */
  readonly type: ErrorType | 'Unknown';
  readonly message: string;
  /** what to do, where the message does not say it already */
  readonly hint: string | undefined;
}

const statuses: Partial<Record<ErrorType, ExitStatus>> = {
  Usage: exitStatus.usage,
  NotFound: exitStatus.usage,
  AlreadyRunning: exitStatus.busy,
};

const hints: Readonly<Record<string, string | undefined>> = {
  SourceUnavailable: "Is the base URL right ('tidemark connections')? The schedule tries again by itself.",
  SourceAsksToWait: 'The schedule tries again by itself.',
};

/** What to do about a type of error, where its message does not say. */
export function hintOf(type: string): string | undefined {
  return hints[type];
}

/** What an error means to whoever typed the command: the one place that turns types into sentences and exit statuses. */
export function failureOf(error: unknown): Failure {
  // Thrown by commander after it has said on stderr what is wrong.
  if (error instanceof CommanderError) {
    return {
      status: error.exitCode === 0 ? exitStatus.done : exitStatus.usage,
      type: 'Usage',
      message: error.message,
      hint: undefined,
    };
  }
  const known = knownError(error);
  if (known) return tidemarkFailure(known.type, known.message);
  return {
    status: exitStatus.failed,
    type: 'Unknown',
    message: firstLineOf(error) || 'an error without a message',
    hint: 'LOG_LEVEL=debug shows where it comes from.',
  };
}

function tidemarkFailure(type: ErrorType, message: string): Failure {
  return { status: statuses[type] ?? exitStatus.failed, type, message, hint: hintOf(type) };
}
