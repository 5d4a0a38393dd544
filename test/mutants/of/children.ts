// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text of other files is quoted

import type { Mutant } from '../mutant';

/** Children of parents, and functions that read a list or a record. */
export const children: readonly Mutant[] = [
  {
    invariant: 12,
    name: 'a function that only returns proves the end of its list',
    file: 'source/paging/function.ts',
    find: "if (value === undefined) return ended('absence');",
    replace: "if (value === undefined) return ended('sign');",
    test: { file: 'source/reading/own/ownFunction.test.ts', name: 'a function that only returns proves no end' },
  },
  {
    invariant: 3,
    name: 'what a function swallows is forgotten',
    file: 'source/reading/own/ownRequests.ts',
    find: 'if (failed) throw failed.error;',
    replace: 'failed = undefined;',
    test: {
      file: 'source/reading/own/ownFunction.test.ts',
      name: 'an error that it swallows is no evidence: of the source it is thrown, of the record it proves nothing',
    },
  },
  {
    invariant: 4,
    name: 'a page of a function has the times of its latest request',
    file: 'source/paging/function.ts',
    find: 'sent: Math.min(',
    replace: 'sent: Math.max(',
    test: {
      file: 'source/reading/own/ownFunction.test.ts',
      name: 'a function that asks ahead does not make an older answer younger',
    },
  },
  {
    invariant: 3,
    name: 'children are read although their parents were never read to the end',
    file: 'destination/runs/parentParts.ts',
    find: 'if (found?.completed) return;',
    replace: 'if (found !== undefined) return;',
    test: {
      file: 'test/invariants/03-children.test.ts',
      name: 'are read only once all parents have been read, and never from an empty list of parents',
    },
  },
  {
    invariant: 3,
    name: 'rows of a parent whose list was refused count as absent',
    file: 'destination/plans/heldPlans.ts',
    find: 'if (partition !== null && input.unread.has(partition)) {',
    replace: 'if (partition !== null && input.unread.has(`${partition}!`)) {',
    test: {
      file: 'test/invariants/03-children.test.ts',
      name: '%i parents, %s: a delta names what it could not read, a reconciliation deletes nothing of it, a gone parent takes its children, and what can be read again is',
    },
  },
  {
    invariant: 3,
    name: 'what a second scan could not read confirms absence',
    file: 'activities/reconciliation/confirmDeletions.ts',
    find: 'ids === 0 || unread.has(partition) ? [partition] : []',
    replace: 'ids === 0 && !unread.has(partition) ? [partition] : []',
    test: {
      file: 'test/invariants/03-children.test.ts',
      name: 'without `one`, a parent that the second scan could not read keeps its rows',
    },
  },
  {
    invariant: 6,
    name: 'the cursor of a parent that was not read moves',
    file: 'destination/runs/unreadParts.ts',
    find: 'first_sent = null, first_sent_source = null, next_token = null, end_uncertain = false,',
    replace:
      'first_sent = coalesce(first_sent, extract(epoch from now()) * 1000), next_token = null, end_uncertain = false,',
    test: {
      file: 'test/invariants/03-children.test.ts',
      name: '%i parents, %s: a delta names what it could not read, a reconciliation deletes nothing of it, a gone parent takes its children, and what can be read again is',
    },
  },
];
