// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text of other files is quoted

import type { Mutant } from '../mutant';

const test = {
  file: 'test/zoo/zoo.test.ts',
  name: 'whatever the API: source and table are equal after a delta and a reconciliation',
} as const;

/** Faults that the zoo finds: its generated sources by themselves, or a source on which the engine once failed. */
export const zoo: readonly Mutant[] = [
  {
    invariant: 1,
    name: 'the zoo: a number of more digits than a double holds is rounded',
    file: 'schema/json/exactJson.ts',
    find: 'return isHeldByNumber(literal) ? literal : `"${literal}"`;',
    replace: 'return literal;',
    test,
  },
  {
    invariant: 1,
    name: 'the zoo: every charset of one byte is read as ISO 8859-1',
    file: 'source/wire/body/charset.ts',
    find: 'decode(plain, name, { stripBOM: false })',
    replace: "plain.toString('latin1')",
    test,
  },
  {
    invariant: 1,
    name: 'a record that was merged is taken for the one that its id is answered with',
    file: 'source/reading/byId/getById.ts',
    find: 'if (found.id !== undefined && found.id !== id) {',
    replace: "if (found.id !== undefined && found.id === '') {",
    test: {
      file: 'test/strategies/otherIds.test.ts',
      name: 'not listed, and answered with another record: deleted on both, which explain shows',
    },
  },
  {
    invariant: 3,
    name: 'an id that no path can hold fails the run',
    file: 'source/reading/byId/getById.ts',
    find: "if (unfit !== undefined) throw reporter.error('ContractBroken',",
    replace: "if (unfit !== undefined) throw reporter.error('Usage',",
    test: { file: 'test/zoo/counterexamples.test.ts', name: 'a gone record beside three whose ids no path can hold' },
  },
  {
    invariant: 12,
    name: 'a page behind the last that is answered 404 breaks the list',
    file: 'source/reading/readList.ts',
    find: 'if (behind) return noSuchPage;',
    replace: '',
    test: {
      file: 'test/zoo/counterexamples.test.ts',
      name: 'two records in pages by number, where a page behind the last is answered 404',
    },
  },
  {
    invariant: 13,
    name: 'a 403 of a used-up quota fails the run',
    file: 'source/wire/pace/quota.ts',
    find: '[403, 429, 503]',
    replace: '[429, 503]',
    test: {
      file: 'test/zoo/counterexamples.test.ts',
      name: 'a quota that is used up and told with 403 and Retry-After',
    },
  },
  {
    invariant: 8,
    name: 'one error of the source sets a record aside',
    file: 'activities/records/fetchRecords.ts',
    find: 'return ask().catch((again: unknown) => {',
    replace: 'return Promise.reject(error).catch((again: unknown) => {',
    test: {
      file: 'test/zoo/counterexamples.test.ts',
      name: 'a record that is answered 500 once, while others are answered',
    },
  },
];
