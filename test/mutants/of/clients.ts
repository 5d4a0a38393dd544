import type { Mutant } from '../mutant';

/** Mutants of clients/. */
export const clients: readonly Mutant[] = [
  {
    invariant: 14,
    name: 'a stored secret goes wherever the base URL leads',
    file: 'clients/operations/connections/addressRule.ts',
    find: 'if (move === undefined) return [];',
    replace: 'if (move !== undefined) return [];',
    test: {
      file: 'clients/operations/connections/addressRule.test.ts',
      name: 'a stored secret is not sent to %s unless it is given again',
    },
  },
];
