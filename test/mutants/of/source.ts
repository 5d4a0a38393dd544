import type { Mutant } from '../mutant';

/** Mutants of the rest of source/. */
export const source: readonly Mutant[] = [
  {
    invariant: 1,
    name: 'records of another kind are not told apart',
    file: 'source/record/readRecord.ts',
    find: `if (fields.belongs?.(raw) === false) return { kind: 'foreign' };`,
    replace: '',
    test: {
      file: 'source/reading/where.test.ts',
      name: 'records of another kind are passed over before their key is read: no row, no entry, not listed; the total counts them',
    },
  },
  {
    invariant: 13,
    name: 'a 401 that is not about the token is answered by new tokens again and again',
    file: 'source/auth/oauth2/renewer.ts',
    find: 'export const restMs = 60_000;',
    replace: 'export const restMs = 0;',
    test: {
      file: 'source/auth/oauth2/oauth2.test.ts',
      name: 'that is not about the token costs one renewal, not one for each request',
    },
  },
  {
    invariant: 5,
    name: 'a request for a token may last longer than the lease',
    file: 'source/auth/oauth2/renewer.ts',
    find: 'Math.min(requestMs, leaseMs - leaseMarginMs - (performance.now() - began))',
    replace: '2 * leaseMs + requestMs + leaseMarginMs + began * 0',
    test: {
      file: 'source/auth/oauth2/renewer.test.ts',
      name: 'a request for a token ends well before the lease, however long the lease took',
    },
  },
];
