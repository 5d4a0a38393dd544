import type { Mutant } from '../mutant';

/** Mutants of source/paging. */
export const paging: readonly Mutant[] = [
  {
    invariant: 2,
    name: 'the seam between two pages is not looked at',
    file: 'source/paging/positional.ts',
    find: 'if (steps === 0 && beginsWith(reader, tail, back, answer.records.slice(seam - back))) {',
    replace: 'if (steps === 0) {',
    test: {
      file: 'test/invariants/02-no-lost-update.test.ts',
      name: 'updates on earlier pages, which pull the later records over the seam',
    },
  },
  {
    invariant: 12,
    name: 'a list that is cut short has ended',
    file: 'source/paging/proof/tally.ts',
    find: 'if (leastTotal !== null && came < leastTotal) {',
    replace: 'if (leastTotal !== null && came < 0) {',
    test: { file: 'source/paging/paging.test.ts', name: 'a list that is %s' },
  },
  {
    invariant: 12,
    name: 'a list may go round in a circle',
    file: 'source/paging/proof/cycle.ts',
    find: 'if (hash === this.state.mark) return true;',
    replace: '',
    test: {
      file: 'source/paging/paging.test.ts',
      name: 'a circle is also found when every page is read by another attempt',
    },
  },
  {
    invariant: 12,
    name: 'a total that contradicts the pages is taken',
    file: 'source/paging/positional.ts',
    find: 'if (contradictory(answer, reached, more)) {',
    replace: 'if (came < 0) {',
    test: { file: 'test/invariants/03-no-false-delete.test.ts', name: 'a scan %s deletes nothing' },
  },
  {
    invariant: 12,
    name: 'a list that is interrupted twice goes on from the first interruption',
    file: 'source/paging/chain.ts',
    find: 'scheme, next: following, empty };',
    replace: 'scheme, next: point?.next ?? following, empty };',
    test: {
      file: 'test/zoo/counterexamples.test.ts',
      name: 'a list by token whose first sync is interrupted twice',
    },
  },
  {
    invariant: 12,
    name: 'a first page that names no other ends the list',
    file: 'source/paging/chain.ts',
    find: `if (!chain.sizable) return ended('absence');`,
    replace: `if (chain.sizable) return ended('sign');`,
    test: {
      file: 'source/paging/proof/ends.test.ts',
      name: '%s: is no end, however long the list is',
    },
  },
  {
    invariant: 12,
    name: 'a flag that says the list goes on is not looked at where a token is missing',
    file: 'source/paging/chain.ts',
    find: 'if (next !== undefined) return next;',
    replace: 'return next;',
    test: {
      file: 'source/paging/proof/ends.test.ts',
      name: 'that promises more without a token, or is missing while there is one, is no end',
    },
  },
  {
    invariant: 12,
    name: 'a refused page ends the list, however deep it is',
    file: 'source/paging/positional.ts',
    find: 'if (answer.refused && !across) await',
    replace: 'if (answer.refused && across && false) await',
    test: {
      file: 'source/paging/proof/ends.test.ts',
      name: 'is no end where the source refuses to be read any deeper',
    },
  },
];
