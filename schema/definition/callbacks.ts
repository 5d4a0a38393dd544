import { z } from 'zod';

/** Where a record contains something: a dotted path, or a function of the record. */
export const pathOrFunction = z.union(
  [z.string().min(1), z.custom<(record: never) => never>((value) => typeof value === 'function')],
  {
    error: 'must be a path such as "id" or a function of the record',
  },
);

export const aFunction = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', {
  error: 'must be a function',
});
