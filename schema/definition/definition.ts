import type { z } from 'zod';
import { TidemarkError } from '../errors';

/** A connector's definition is wrong; the message lists every mistake with its path. */
export class DefinitionError extends TidemarkError {
  readonly mistakes: readonly string[];

  constructor(found: readonly string[]) {
    super(
      'Usage',
      `The definition has ${found.length === 1 ? 'a mistake' : `${found.length} mistakes`}:\n${found.map((line) => `  ${line}`).join('\n')}`,
    );
    this.mistakes = found;
  }
}

/** A zod error as lines of `path: what is wrong`. */
export function mistakes(where: string, error: z.ZodError): string[] {
  return error.issues.map((issue) => {
    const path = [where, ...issue.path.map(String)].filter((step) => step !== '').join('.');
    return `${path}: ${issue.message}`;
  });
}
