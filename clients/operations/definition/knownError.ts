import { destinationError } from '../../../destination/database/destinationError';
import { wordsOf } from '../../../destination/database/postgresWords';
import { TidemarkError } from '../../../schema/errors';
import { remoteFailure } from '../../temporal/remoteFailure';

type Known = Pick<TidemarkError, 'type' | 'message'>;

/** What an error of ours, of a workflow or of PostgreSQL means to an operator; undefined for everything else. */
export function knownError(error: unknown): Known | undefined {
  if (error instanceof TidemarkError) return error;
  const remote = remoteFailure(error);
  if (remote) return remote;
  const destination = destinationError(error);
  return destination instanceof TidemarkError ? destination : undefined;
}

/** The first line of any error, without the statement that PostgreSQL's client puts before it; empty where it has no message. */
export function firstLineOf(error: unknown): string {
  return wordsOf(error).split('\n')[0] ?? '';
}
