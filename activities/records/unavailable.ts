import { TidemarkError } from '../../schema/errors';

/** The source gave no response at all: it could not be reached, or had an error of its own. */
export function isUnavailable(error: unknown): error is TidemarkError {
  return error instanceof TidemarkError && error.type === 'SourceUnavailable';
}
