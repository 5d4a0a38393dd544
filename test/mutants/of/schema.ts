// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text of other files is quoted

import type { Mutant } from '../mutant';

/** Mutants of schema/. */
export const schema: readonly Mutant[] = [
  {
    invariant: 10,
    name: 'two runs at a time',
    file: 'schema/migrations/0001_engine_tables.ts',
    find: 'create unique index runs_one_running',
    replace: 'create index runs_one_running',
    test: {
      file: 'test/invariants/10-status.test.ts',
      name: 'ten at once: one runs, nine end as already running',
    },
  },
  {
    invariant: 1,
    name: 'a number of more digits than a double holds is rounded',
    file: 'schema/json/exactJson.ts',
    find: 'return isHeldByNumber(literal) ? literal : `"${literal}"`;',
    replace: 'return literal;',
    test: {
      file: 'source/wire/body/parse.test.ts',
      name: 'numbers that no double holds come out as text of their digits, all others as numbers',
    },
  },
  {
    invariant: 1,
    name: 'what a double cannot hold is rounded on the way into the table',
    file: 'schema/json/exactJson.ts',
    find: 'return isHeldByNumber(literal) ? literal : `"${literal}"`;',
    replace: 'return literal;',
    test: { file: 'test/zoo/counterexamples.test.ts', name: 'decimals of more digits than a double holds' },
  },
];
