import { destinationError } from '../../../destination/database/destinationError';
import { wordsOf } from '../../../destination/database/postgresWords';
import { TidemarkError } from '../../../schema/errors';
import { temporalError } from '../../temporal/temporal';

/** One thing that was looked at. */
export interface Checkup {
  readonly name: string;
  readonly ok: boolean;
  /** what was found */
  readonly found: string;
  /** what to do; null where all is well, or where `found` says it */
  readonly fix: string | null;
}

/** Something that is not as it should be, with what to do about it. */
export class Wrong extends Error {
  constructor(
    found: string,
    readonly fix: string,
  ) {
    super(found);
  }
}

/** Looks at one thing; whatever is thrown is what is wrong with it. */
export async function check(name: string, look: () => Promise<string> | string): Promise<Checkup> {
  try {
    return { name, ok: true, found: await look(), fix: null };
  } catch (error) {
    if (error instanceof Wrong) return { name, ok: false, found: error.message, fix: error.fix };
    const known = temporalError(destinationError(error));
    // without the statement, with which knex begins its messages
    const said = known instanceof TidemarkError ? known.message : wordsOf(known);
    return { name, ok: false, found: said.trim().split('\n')[0] ?? '', fix: null };
  }
}
